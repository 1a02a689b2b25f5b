"""The traffic investigator: who tried what, what failed, what is new, and where bytes went."""

from __future__ import annotations

from sensorium.agent.case import Case, Report
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.naming import clock, count, duration, plain_port, port_label, service_key, size
from sensorium.agent.tools.byte_balance import byte_balance
from sensorium.agent.tools.failed_connections import failed_connections
from sensorium.agent.tools.fan_out import fan_out
from sensorium.agent.tools.first_seen import first_seen
from sensorium.agent.tools.pair_timeline import pair_timeline
from sensorium.agent.tools.service_clients import service_clients
from sensorium.agent.tools.toolbox import Answer, Row, Toolbox
from sensorium.agent.tools.top_talkers import top_talkers
from sensorium.agent.window import SECOND_NS
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal

NAME = "traffic"

SCAN_TARGETS = 15
MANY_FAILURES = 10
LARGE_BYTES = 5_000_000
STEADY_SHARE = 0.5
REMOTE_ACCESS = frozenset({22, 23, 135, 445, 3389, 5900, 5985, 5986})


def play(case: Case, box: Toolbox) -> Report:
    """Ask the flow questions and say what their answers amount to."""
    focus = case.focus
    if not focus:
        return Report(notes=("Traffic was not examined: the incident names no host.",))
    scans = scanning(box, fan_out(box, focus))
    scanners = {c.subject for c in scans}
    fresh = first_seen(box, focus)
    wider = _wider(case, fresh)
    if wider != focus:
        fresh = first_seen(box, wider)
    balance, talkers = byte_balance(box, wider), top_talkers(box, wider)
    moved = volumes(case, box, talkers, fresh, balance)
    told = {frozenset((c.subject, c.object)) for c in moved if c.detail["new"]}
    pairs = new_pairs(case, fresh, scanners)
    clues = [
        *scans,
        *failing_services(case, box, failed_connections(box, focus), scanners),
        *(c for c in pairs if frozenset((c.subject, c.object)) not in told),
        *moved,
    ]
    if not clues:
        clues = [_ordinary(case, talkers)]
    return Report(tuple(clues))


def scanning(box: Toolbox, answer: Answer) -> list[Clue]:
    """Clients that tried far more targets than before and were mostly not answered."""
    clues = []
    for row in answer.rows:
        failed = row["failed_targets"]
        enough = max(SCAN_TARGETS, 5 * row["failed_targets_before"])
        if failed < enough or failed * 2 < row["targets"]:
            continue
        host = box.names.home(row["client"])
        seconds = (row["failed_last_ns"] - row["failed_first_ns"]) / SECOND_NS
        text = (
            f"{box.names.host(host)} probed {count(failed, 'port')} across "
            f"{count(row['failed_hosts'], 'host')} that did not answer, within "
            f"{duration(seconds)} from {clock(row['failed_first_ns'])} "
            f"(before: {row['failed_targets_before'] or 'none'})"
        )
        clues.append(
            Clue(
                ClueKind.FAN_OUT,
                host,
                text,
                answer.cite,
                Signal.FLOWS,
                Weight.STRONG,
                value=failed,
                unit="targets",
                at_ns=row["failed_first_ns"],
                end_ns=row["failed_last_ns"],
                detail={"hosts": row["failed_hosts"], "ports": row["ports"]},
            )
        )
    return clues


def failing_services(case: Case, box: Toolbox, answer: Answer, scanners: set[str]) -> list[Clue]:
    """Services that answered before and now do not, and how each one's clients fared."""
    clues = []
    share = case.windows.during.seconds / case.windows.before.seconds
    for row in answer.rows:
        clients = [box.names.home(c) for c in row["clients"].split()]
        victims = [c for c in dict.fromkeys(clients) if c not in scanners]
        key = service_key(box.names.home(row["server"]), row["port"], row["proto"])
        failed, before = row["failed_connections"], row["failed_before"]
        worked = row["connections_before"] - before
        if not victims or worked < 3 or failed < max(3, 3 * before * share):
            continue
        fared = service_clients(box, key, case.incident.end_ns)
        after = [r for r in fared.rows if r["phase"] == "after"]
        text = (
            f"{count(failed, 'connection')} to {box.names.service(key)} failed from "
            f"{clock(row['failed_first_ns'])} to {clock(row['failed_last_ns'])}, "
            f"by {box.names.many(victims)} (before: {before or 'none'} of "
            f"{row['connections_before']})" + _recovery(after)
        )
        clues.append(
            Clue(
                ClueKind.SERVICE_FAILING,
                key,
                text,
                (answer.id, fared.id),
                Signal.FLOWS,
                Weight.STRONG if failed >= MANY_FAILURES else Weight.SUPPORTING,
                value=failed,
                unit="connections",
                at_ns=row["failed_first_ns"],
                end_ns=row["failed_last_ns"],
                detail={"clients": victims, "recovered": _recovered(after)},
            )
        )
    clues += _quiet(case, box, answer)
    return clues


def _recovered(after: list[Row]) -> bool:
    tried = sum(r["connections"] for r in after)
    return bool(tried) and sum(r["failed_connections"] for r in after) * 5 <= tried


def _recovery(after: list[Row]) -> str:
    tried = sum(r["connections"] for r in after)
    refused = sum(r["failed_connections"] for r in after)
    if not tried:
        return ""
    if not _recovered(after):
        return f"; it still fails ({refused} of {tried} since the last anomaly)"
    return f"; it answers again ({tried - refused} of {tried} since the last anomaly)"


def _quiet(case: Case, box: Toolbox, answer: Answer) -> list[Clue]:
    share = case.windows.during.seconds / case.windows.before.seconds
    clues = []
    for row in answer.rows:
        expected = row["connections_before"] * share
        steady = row["busy_minutes_before"] * 60 >= case.windows.before.seconds * STEADY_SHARE
        if row["connections"] or expected < 5 or not steady:
            continue
        key = service_key(box.names.home(row["server"]), row["port"], row["proto"])
        clues.append(
            Clue(
                ClueKind.SERVICE_QUIET,
                key,
                f"nobody used {box.names.service(key)}, where about "
                f"{count(round(expected), 'connection')} were usual in that time",
                answer.cite,
                Signal.FLOWS,
                value=expected,
                unit="connections",
                at_ns=case.incident.start_ns,
            )
        )
    return clues


def new_pairs(case: Case, answer: Answer, scanners: set[str]) -> list[Clue]:
    """Conversations with hosts or services that the client had never used before."""
    clues = []
    names = case.names
    for row in answer.rows:
        client, server = names.home(row["client"]), names.home(row["server"])
        moved = row["bytes_sent"] + row["bytes_received"]
        access = row["port"] in REMOTE_ACCESS and row["proto"] == 6
        if moved < 2000 or (client in scanners and not access):
            continue
        inside = case.inside(server)
        if not inside and (moved < LARGE_BYTES or not case.inside(client)):
            continue
        port = port_label(row["port"], row["proto"])
        kind = ClueKind.NEW_INTERNAL_PAIR if inside else ClueKind.NEW_EXTERNAL_PAIR
        text = (
            f"{names.host(client)} used {plain_port(port)} on {names.host(server)} for the first "
            f"time at {clock(row['first_ns'])}: {count(row['connections'], 'connection')}, "
            f"{size(row['bytes_sent'])} sent, {size(row['bytes_received'])} received"
        )
        clues.append(
            Clue(
                kind,
                client,
                text,
                answer.cite,
                Signal.FLOWS,
                Weight.SUPPORTING if access or not inside else Weight.CONTEXT,
                object=server,
                value=moved,
                unit="bytes",
                at_ns=row["first_ns"],
                end_ns=row["last_ns"],
                detail={"port": port, "access": access, "connections": row["connections"]},
            )
        )
    return clues[:12]


def volumes(
    case: Case, box: Toolbox, talkers: Answer, fresh: Answer, balance: Answer
) -> list[Clue]:
    """Conversations that moved far more than before, and whether the bytes left the network."""
    names, share = case.names, case.windows.during.seconds / case.windows.before.seconds
    unseen = {(r["client"], r["server"], r["port"]) for r in fresh.rows}
    clues = []
    for row in talkers.rows:
        client, server = names.home(row["client"]), names.home(row["server"])
        flows = (
            (client, server, row["bytes_sent"], row["bytes_sent_before"]),
            (server, client, row["bytes_received"], row["bytes_received_before"]),
        )
        sender, receiver, moved, before = max(flows, key=lambda f: f[2] - f[3] * share)
        usual = before * share
        if moved < LARGE_BYTES or moved < 4 * usual:
            continue
        outbound = case.inside(sender) and not case.inside(receiver)
        new = (row["client"], row["server"], row["port"]) in unseen
        path = pair_timeline(box, row["client"], row["server"], row["port"])
        port = port_label(row["port"], row["proto"])
        history = ", a conversation never seen before" if new else f" (usual: {size(usual)})"
        text = (
            f"{names.host(sender)} sent {size(moved)} to {names.host(receiver)} on "
            f"{plain_port(port)} from {clock(row['first_ns'])} to {clock(row['last_ns'])}{history}"
        )
        cites = (talkers.id, path.id, fresh.id) if new else (talkers.id, path.id)
        if outbound:
            cites = (*cites, balance.id)
        clues.append(
            Clue(
                ClueKind.OUTBOUND_VOLUME if outbound else ClueKind.LARGE_TRANSFER,
                sender,
                text,
                cites,
                Signal.FLOWS,
                Weight.STRONG if new or not outbound else Weight.SUPPORTING,
                object=receiver,
                value=moved,
                unit="bytes",
                at_ns=row["first_ns"],
                end_ns=row["last_ns"],
                detail={"port": port, "client": client, "server": server, "new": new},
            )
        )
    return clues[:6]


def _wider(case: Case, fresh: Answer) -> tuple[str, ...]:
    """The focus and the hosts it reached for the first time over remote access: one step on."""
    reached = [
        case.names.home(r["server"])
        for r in fresh.rows
        if r["port"] in REMOTE_ACCESS and r["proto"] == 6 and case.inside(r["server"])
    ]
    return tuple(dict.fromkeys((*case.focus, *sorted(reached))))


def _ordinary(case: Case, talkers: Answer) -> Clue:
    return Clue(
        ClueKind.ORDINARY,
        case.focus[0],
        f"nothing unusual was found in the traffic of {case.names.many(case.focus)}: no scan, no "
        "failing service, no new remote access, no large transfer",
        talkers.cite,
        Signal.FLOWS,
        Weight.CONTEXT,
    )
