"""Comparing one announced change with what the network really did: each check is a clue."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.agent.case import Case, hosts_of, peers_of
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.knowledge.message_families import Meaning
from sensorium.agent.naming import clock, count, plain_port, port_label, service_key, size
from sensorium.agent.tools.failed_connections import failed_connections
from sensorium.agent.tools.log_lines import log_lines
from sensorium.agent.tools.planned_transfer import planned_transfer
from sensorium.agent.tools.service_events import meaning_of, service_events
from sensorium.agent.tools.toolbox import Answer, Row, Toolbox
from sensorium.agent.window import SECOND_NS, Span
from sensorium.incident.planned_scope import check_time, check_volume, parse_ports
from sensorium.model.change import Change, ChangeKind
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal

CRON_TOLERANCE_NS = 90 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: what it says, whether it speaks for the change, what it stands on.

    ``confirms`` is true where the evidence is a witness of its own that the announced work was
    done: the scheduler's line, the restart in the logs. ``proves`` puts the text in the proof.
    A check that is not ``decisive`` may fail without ruling the change out. One that does not
    ``tell`` is summed up elsewhere where the change does not explain all.
    """

    fits: bool
    text: str
    evidence: tuple[str, ...]
    signal: Signal
    confirms: bool = False
    proves: bool = False
    decisive: bool = True
    tells: bool = True
    at_ns: int = 0

    def clue(self, change: Change, decided: bool) -> Clue:
        """The check as a clue for (or against) the change as the explanation.

        Where the change was not ``decided`` to be it, its checks are only context.
        """
        weight = Weight.STRONG if self.confirms else Weight.SUPPORTING
        return Clue(
            ClueKind.PLAN_CHECK,
            change.ref,
            self.text,
            self.evidence,
            self.signal,
            weight if decided else Weight.CONTEXT,
            value=1.0 if self.fits else -1.0,
            at_ns=self.at_ns,
            detail={"fits": self.fits, "confirms": self.confirms, "proves": self.proves},
        )


def check_transfers(case: Case, box: Toolbox, change: Change) -> list[Check]:
    """Direction, port and volume of what the announced pair moved in the announced time."""
    sources, targets = hosts_of(case, change), peers_of(case, change)
    if not sources or not targets or change.kind is ChangeKind.DEPLOYMENT:
        return []
    slack = case.config.plan_slack_seconds * SECOND_NS
    span = Span(change.start_ns - slack, min(change.end_ns + slack, case.windows.until_ns))
    title = f"what {change.ref} announces: {case.names.many(sources)} to {case.names.many(targets)}"
    answer = planned_transfer(box, sources, targets, span, title)
    if not answer.rows:
        text = f"{case.names.many(sources)} sent {case.names.many(targets)} nothing in that time"
        return [Check(False, text, answer.cite, Signal.FLOWS)]
    ports = parse_ports(change.scope.ports)
    checks = []
    fitting = [r for r in answer.rows if _is_announced(case, r, sources, ports)]
    moved = sum(r["bytes_sent"] + r["bytes_received"] for r in fitting)
    total = sum(r["bytes_sent"] + r["bytes_received"] for r in answer.rows)
    for row in answer.rows:
        if row in fitting or (row["bytes_sent"] + row["bytes_received"]) * 20 < total:
            continue
        checks.append(Check(False, _unannounced(case, row), answer.cite, Signal.FLOWS))
    if fitting:
        checks.append(_time(case, change, fitting, answer.cite))
        checks.append(_direction(case, fitting, answer.cite))
        checks.append(_volume(case, change, fitting, moved, answer.cite))
    return checks


def _is_announced(
    case: Case, row: Row, sources: tuple[str, ...], ports: frozenset[tuple[int, int]]
) -> bool:
    from_source = case.names.home(row["client"]) in sources
    return from_source and (not ports or (row["port"], row["proto"]) in ports)


def _unannounced(case: Case, row: Row) -> str:
    names = case.names
    port = plain_port(port_label(row["port"], row["proto"]))
    return (
        f"{names.host(names.home(row['client']))} moved "
        f"{size(row['bytes_sent'] + row['bytes_received'])} with "
        f"{names.host(names.home(row['server']))} on {port}, which was not announced"
    )


def _time(case: Case, change: Change, rows: list[Row], cite: tuple[str, ...]) -> Check:
    first, last = min(r["first_ns"] for r in rows), max(r["last_ns"] for r in rows)
    fits = in_time(case, change, first, last)
    text = (
        f"the transfer ran from {clock(first)} to {clock(last)}, "
        f"{'within' if fits else 'not within'} the announced {clock(change.start_ns)} to "
        f"{clock(change.end_ns)}"
    )
    return Check(fits, text, cite, Signal.FLOWS, at_ns=first)


def _direction(case: Case, rows: list[Row], cite: tuple[str, ...]) -> Check:
    names, top = case.names, rows[0]
    sent, received = sum(r["bytes_sent"] for r in rows), sum(r["bytes_received"] for r in rows)
    client, server = names.home(top["client"]), names.home(top["server"])
    first = min(r["first_ns"] for r in rows)
    fits = sent >= received
    way = "the announced direction" if fits else "against the announced direction"
    text = (
        f"{names.host(client)} opened the connection to {names.host(server)} and "
        f"{'sent' if fits else 'received'} most of the bytes, {way}"
    )
    return Check(fits, text, cite, Signal.FLOWS, at_ns=first)


def _volume(
    case: Case, change: Change, rows: list[Row], moved: int, cite: tuple[str, ...]
) -> Check:
    names, top = case.names, rows[0]
    limit = f" of up to {size(change.scope.max_bytes)}" if change.scope.max_bytes else ""
    reason = check_volume(change, moved)
    fits = reason is None or reason.fits
    port = port_label(top["port"], top["proto"])
    server = names.home(top["server"])
    text = (
        f"{size(moved)} to {names.short(server)}:{port.partition('/')[0]}{limit}"
        f"{'' if fits else ': more than announced'}"
    )
    return Check(
        fits, text, cite, Signal.FLOWS, proves=True, at_ns=min(r["first_ns"] for r in rows)
    )


def check_scheduler(case: Case, box: Toolbox, change: Change) -> list[Check]:
    """The log line with which a scheduler started the announced command on the announced host."""
    hosts, command = hosts_of(case, change), change.scope.command
    if not hosts or not command:
        return []
    span = Span(change.start_ns - CRON_TOLERANCE_NS, change.end_ns)
    span = Span(span.start_ns, min(span.end_ns, case.windows.until_ns))
    program = command.split()[0]
    title = f"log lines that name {program} on {case.names.many(hosts)}"
    answer = log_lines(box, hosts, span, program, title)
    for row in answer.rows:
        near = abs(row["at_ns"] - change.start_ns) <= CRON_TOLERANCE_NS
        if near and "CMD" in row["line"]:
            host = case.names.short(case.names.home(row["source"]))
            text = f"cron line '{command}' at {clock(row['at_ns'])} on {host}"
            return [_witness(text, answer.cite, row["at_ns"])]
    text = f"no scheduler on {case.names.many(hosts)} logged that it started {program}"
    return [Check(False, text, answer.cite, Signal.LOGS, decisive=False)]


def _witness(text: str, cite: tuple[str, ...], at_ns: int) -> Check:
    return Check(True, text, cite, Signal.LOGS, confirms=True, proves=True, at_ns=at_ns)


def check_restart(case: Case, box: Toolbox, change: Change) -> list[Check]:
    """Whether the deployed service's host logged the deployment or the restart it makes."""
    hosts = hosts_of(case, change)
    if change.kind is not ChangeKind.DEPLOYMENT or not hosts:
        return []
    service = change.scope.service
    slack = case.config.plan_slack_seconds * SECOND_NS
    span = Span(change.start_ns - slack, min(change.end_ns + slack, case.windows.until_ns))
    title = f"log lines that name {service or 'a service'} on {case.names.many(hosts)}"
    answer = log_lines(box, hosts, span, service, title)
    words = ("start", "stop", "listen", "deploy", "version")
    lines = [r for r in answer.rows if any(w in r["line"].lower() for w in words)]
    if lines:
        row = lines[0]
        text = (
            f"{row['app']} on {case.names.short(case.names.home(row['source']))} logged "
            f"'{row['line'][:60].strip()}' at {clock(row['at_ns'])}"
        )
        return [_witness(text, answer.cite, row["at_ns"])]
    events = service_events(box, hosts)
    kinds = (Meaning.SERVICE_STARTED, Meaning.SERVICE_STOPPED)
    for row in events.rows:
        if meaning_of(row["family"]) in kinds:
            text = f"{row['app']} stopped or started at {clock(row['first_ns'])}"
            return [_witness(text, events.cite, row["first_ns"])]
    text = f"{case.names.many(hosts)} logged no restart of {service or 'any service'}"
    return [Check(False, text, (*answer.cite, *events.cite), Signal.LOGS)]


def check_outage(case: Case, box: Toolbox, change: Change) -> list[Check]:
    """Whether the deployed service failed its clients in the announced time only."""
    hosts = hosts_of(case, change)
    if change.kind is not ChangeKind.DEPLOYMENT or not hosts:
        return []
    ports = parse_ports(change.scope.ports)
    answer = failed_connections(box, hosts)
    rows = [
        r
        for r in answer.rows
        if case.names.home(r["server"]) in hosts
        and (not ports or (r["port"], r["proto"]) in ports)
        and r["failed_connections"]
    ]
    if not rows:
        return []
    first, last = min(r["failed_first_ns"] for r in rows), max(r["failed_last_ns"] for r in rows)
    failed = sum(r["failed_connections"] for r in rows)
    fits = in_time(case, change, first, last)
    key = service_key(case.names.home(rows[0]["server"]), rows[0]["port"], rows[0]["proto"])
    text = (
        f"{count(failed, 'connection')} to {case.names.service(key)} failed from {clock(first)} to "
        f"{clock(last)}, {'within' if fits else 'not only within'} the deployment's time"
    )
    return [Check(fits, text, answer.cite, Signal.FLOWS, proves=True, at_ns=first)]


def check_scope(
    case: Case, change: Change, explained: int, answer: Answer, *, others: int
) -> Check:
    """Whether every anomaly is of a host, direction, port and kind that the change accounts for."""
    total = count(len(case.anomalies), "anomaly", "anomalies")
    text = f"{describe(change)} accounts for the host, direction and port of {explained} of {total}"
    return Check(not others, text, answer.cite, Signal.FLOWS, decisive=False, tells=False)


def in_time(case: Case, change: Change, start_ns: int, end_ns: int) -> bool:
    """Whether a span lies in the announced time, with the settings' slack."""
    lead, overrun = case.config.plan_lead_seconds, case.config.plan_slack_seconds
    return check_time(change, start_ns, end_ns, lead_s=lead, overrun_s=overrun).fits


def describe(change: Change) -> str:
    """How a proof calls a change."""
    kind = {
        ChangeKind.DEPLOYMENT: "deployment",
        ChangeKind.JOB: "cron job",
        ChangeKind.BACKUP: "calendar",
        ChangeKind.MAINTENANCE: "calendar",
    }[change.kind]
    if "cron" in change.source:
        kind = "cron table"
    return f"{kind} {change.ref}"
