"""The log investigator: who logged in, what failed, what stopped and started, what is new."""

from __future__ import annotations

import re

from sensorium.agent.case import Case, Report
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.knowledge.message_families import FAMILIES, Meaning
from sensorium.agent.naming import clock, count, service_key
from sensorium.agent.readings.logins import authentication
from sensorium.agent.tools.auth_events import auth_events
from sensorium.agent.tools.dependencies import dependencies
from sensorium.agent.tools.error_bursts import error_bursts
from sensorium.agent.tools.log_lines import log_lines
from sensorium.agent.tools.service_events import meaning_of, service_events
from sensorium.agent.tools.template_deltas import template_deltas
from sensorium.agent.tools.toolbox import Answer, Row, Toolbox
from sensorium.agent.window import MINUTE_NS, Span
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal

NAME = "log"

STOPPED, STARTED = Meaning.SERVICE_STOPPED, Meaning.SERVICE_STARTED

BURST = 5
MOST_HOSTS = 16
_RECOGNISED = [re.compile(family.pattern) for family in FAMILIES]
_ENDPOINT = re.compile(r"^\[?([0-9a-fA-F.:]+?)\]?[: ](\d{1,5})$")


def play(case: Case, box: Toolbox) -> Report:
    """Ask the log questions and say what their answers amount to.

    Read are the hosts of the incident, its routers, and the hosts whose services those use: a
    cause is often one step below what stood out.
    """
    used, graph = dependencies(box)
    below = [s[0] for host in case.focus for s in graph.dependencies(host) if case.inside(s[0])]
    hosts = tuple(dict.fromkeys((*case.focus, *case.routers, *below)))[:MOST_HOSTS]
    logins = auth_events(box)
    clues = authentication(case, logins)
    events = service_events(box, hosts)
    clues += [c for row in _merged(events.rows) if (c := _event(case, events, row))]
    clues += errors(case, box, error_bursts(box, hosts))
    clues += novelties(case, template_deltas(box, case.focus))
    if not clues:
        clues = [
            Clue(
                ClueKind.ORDINARY,
                hosts[0] if hosts else "",
                "nothing unusual was found in the logs of "
                f"{case.names.many(hosts) if hosts else 'any host'}: no failed logins, no error "
                "burst, no service that stopped",
                (events.id, logins.id, used.id),
                Signal.LOGS,
                Weight.CONTEXT,
            )
        ]
    return Report(tuple(clues))


def _merged(rows: tuple[Row, ...]) -> list[Row]:
    """Rows of one program that say the same in other words, as one row with the first's words."""
    merged: dict[tuple[str, ...], Row] = {}
    for row in rows:
        meaning = meaning_of(row["family"])
        about = row["about"] if meaning not in (STOPPED, STARTED) else ""
        key = (row["source"], row["app"], meaning.value, about)
        if key not in merged:
            merged[key] = dict(row)
            continue
        kept = merged[key]
        for name in ("lines", "lines_before", "lines_after"):
            kept[name] += row[name]
        kept["last_ns"] = max(kept["last_ns"], row["last_ns"])
    return list(merged.values())


def _event(case: Case, answer: Answer, row: Row) -> Clue | None:
    """What one group of recognised lines says, or None where it is everyday."""
    meaning = meaning_of(row["family"])
    share = case.windows.during.seconds / case.windows.before.seconds
    if row["lines"] <= 3 * row["lines_before"] * max(share, 0.1):
        return None
    kind = _KINDS.get(meaning)
    if kind is None:
        return None
    source = case.names.home(row["source"])
    where, about = case.names.host(source), row["about"]
    lines, when = row["lines"], clock(row["first_ns"])
    subject = source
    if meaning is Meaning.DEPENDENCY_FAILED:
        subject = _endpoint(case, about)
        if not subject:
            return None
        text = (
            f"{row['app']} on {where} logged {count(lines, 'failure')} to reach "
            f"{case.names.service(subject)} from {when} to {clock(row['last_ns'])}"
        )
    elif meaning in (Meaning.LINK_DOWN, Meaning.ADJACENCY_LOST):
        what = "lost its carrier" if meaning is Meaning.LINK_DOWN else "lost its routing neighbour"
        port = f"interface {about}" if about else "an interface"
        text = (
            f"{port} of {where} {what} {count(lines, 'time')} from {when} to "
            f"{clock(row['last_ns'])}"
        )
        subject = f"{source}#{about}" if about else source
    else:
        said = _PHRASES[meaning].format(app=row["app"], about=about or row["app"])
        times = f" ({lines} such lines)" if lines > 1 else ""
        text = f'{said} on {where} at {when}{times}: "{_quote(row["example"])}"'
    return Clue(
        kind,
        subject,
        text,
        answer.cite,
        Signal.LOGS,
        _WEIGHTS.get(kind, Weight.SUPPORTING),
        object=source,
        value=lines,
        unit="lines",
        at_ns=row["first_ns"],
        end_ns=row["last_ns"],
        detail={"app": row["app"], "about": about, "lines_after": row["lines_after"]},
    )


_KINDS = {
    Meaning.SERVICE_STOPPED: ClueKind.SERVICE_STOPPED,
    Meaning.SERVICE_FAILED: ClueKind.SERVICE_STOPPED,
    Meaning.SERVICE_STARTED: ClueKind.SERVICE_STARTED,
    Meaning.DEPENDENCY_FAILED: ClueKind.SERVICE_FAILING,
    Meaning.OUT_OF_RESOURCES: ClueKind.OUT_OF_RESOURCES,
    Meaning.LINK_DOWN: ClueKind.LINK_DOWN,
    Meaning.ADJACENCY_LOST: ClueKind.ADJACENCY_LOST,
    Meaning.PACKETS_DROPPED: ClueKind.DROPS,
}
_WEIGHTS = {
    ClueKind.SERVICE_STOPPED: Weight.STRONG,
    ClueKind.OUT_OF_RESOURCES: Weight.STRONG,
    ClueKind.SERVICE_FAILING: Weight.STRONG,
    ClueKind.LINK_DOWN: Weight.STRONG,
    ClueKind.ADJACENCY_LOST: Weight.STRONG,
}
_PHRASES = {
    Meaning.SERVICE_STOPPED: "{app} stopped",
    Meaning.SERVICE_FAILED: "{about} failed",
    Meaning.SERVICE_STARTED: "{app} started",
    Meaning.OUT_OF_RESOURCES: "{app} ran out of a resource",
    Meaning.PACKETS_DROPPED: "{app} reported dropped packets",
}


def _endpoint(case: Case, about: str) -> str:
    """The service that a line names as ``10.0.0.2:8000`` or ``10.0.0.2 5432``; empty if none."""
    match = _ENDPOINT.match(about)
    return service_key(case.names.home(match[1]), int(match[2]), 6) if match else ""


def errors(case: Case, box: Toolbox, answer: Answer) -> list[Clue]:
    """Hosts and apps whose error lines multiplied, with the lines themselves for the worst."""
    names = case.names
    share = case.windows.during.seconds / case.windows.before.seconds
    clues: list[Clue] = []
    for row in answer.rows:
        if row["errors"] < max(BURST, 3 * row["errors_before"] * share):
            continue
        if row["app"].startswith("sshd"):
            continue
        source = names.home(row["source"])
        cites = [answer.id]
        if not clues:
            span = Span(row["first_ns"] - 1, min(row["last_ns"], row["first_ns"] + MINUTE_NS))
            title = f"first lines of {row['app']} on {names.host(source)} with an error"
            cites.append(log_lines(box, (source,), span, "error", title).id)
        text = (
            f"{row['app']} on {names.host(source)} logged {count(row['errors'], 'error line')} "
            f"from {clock(row['first_ns'])} to {clock(row['last_ns'])} "
            f'(before: {row["errors_before"]}), first: "{_quote(row["example"])}"'
        )
        clues.append(
            Clue(
                ClueKind.SERVICE_ERRORS,
                source,
                text,
                tuple(cites),
                Signal.LOGS,
                Weight.SUPPORTING,
                value=row["errors"],
                unit="lines",
                at_ns=row["first_ns"],
                end_ns=row["last_ns"],
                detail={"app": row["app"]},
            )
        )
    return clues[:6]


def novelties(case: Case, answer: Answer) -> list[Clue]:
    """Kinds of line never seen before, the gravest first; what is recognised is told elsewhere."""
    clues = []
    for row in answer.rows:
        if row["lines_before"] or any(f.search(row["example"]) for f in _RECOGNISED):
            continue
        source = case.names.home(row["source"])
        clues.append(
            Clue(
                ClueKind.NEW_MESSAGES,
                source,
                f"{row['app']} on {case.names.host(source)} wrote a new kind of line, "
                f"{count(row['lines'], 'time')} from {clock(row['first_ns'])}: "
                f'"{_quote(row["example"])}"',
                answer.cite,
                Signal.LOGS,
                Weight.CONTEXT,
                value=row["lines"],
                unit="lines",
                at_ns=row["first_ns"],
                end_ns=row["last_ns"],
            )
        )
    return clues[:4]


def _quote(line: str) -> str:
    text = " ".join(line.replace('"', "'").split())
    return text if len(text) <= 120 else text[:117] + "..."
