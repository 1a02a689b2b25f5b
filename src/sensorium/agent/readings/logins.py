"""What logins say: guessing, a login that followed it, and where someone went from there."""

from __future__ import annotations

from sensorium.agent.case import Case, hosts_of, peers_of
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.naming import clock, count
from sensorium.agent.tools.toolbox import Answer, Row
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal

MANY_FAILED_LOGINS = 8


def authentication(case: Case, answer: Answer) -> list[Clue]:
    """Guessing, a login that followed it, and logins from hosts that someone had just entered.

    Followed are the hosts of the incident and, from login to login, those reached from them.
    """
    names = case.names
    rows = sorted(answer.rows, key=lambda r: (r["first_ns"], r["server"], r["client"], r["user"]))
    suspects = {names.home(h) for h in case.focus}
    guessed: dict[tuple[str, str], Row] = {}
    clues = []
    for row in rows:
        client, server = names.home(row["client"]), names.home(row["server"])
        if not row["failed"] or not {client, server} & suspects:
            continue
        if row["events"] < max(MANY_FAILED_LOGINS, 3 * row["events_before"]):
            continue
        guessed.setdefault((client, server), row)
        text = (
            f"{names.host(client)} failed {count(row['events'], 'login')} as "
            f"{row['user'] or 'unnamed users'} on {names.host(server)} from "
            f"{clock(row['first_ns'])} to {clock(row['last_ns'])} "
            f"(before: {row['events_before'] or 'none'})"
        )
        clues.append(_login(ClueKind.AUTH_FAILURES, row, (client, server), text, answer))
    entered = {client for client, _ in guessed}
    accounts = {row["user"] for row in guessed.values()}
    for row in rows:
        client, server = names.home(row["client"]), names.home(row["server"])
        attempt = guessed.get((client, server))
        if row["failed"] or row["events_before"]:
            continue
        if attempt and row["last_ns"] >= attempt["first_ns"]:
            entered |= {client, server}
            text = (
                f"{row['user']} then logged in to {names.host(server)} from "
                f"{names.host(client)} at {clock(row['first_ns'])}, after "
                f"{count(attempt['events'], 'failure')}"
            )
            clues.append(_login(ClueKind.LOGIN_AFTER_FAILURES, row, (client, server), text, answer))
        elif client in entered and (row["user"] in accounts or not announced(case, row)):
            entered.add(server)
            text = (
                f"{row['user']} logged in to {names.host(server)} from {names.host(client)} at "
                f"{clock(row['first_ns'])}, a login never seen before"
            )
            clues.append(_login(ClueKind.LOGIN, row, (client, server), text, answer))
    return clues


def announced(case: Case, row: Row) -> bool:
    """Whether a change announces that this client uses that server at this time."""
    client, server = case.names.home(row["client"]), case.names.home(row["server"])
    return any(
        change.start_ns <= row["first_ns"] <= change.end_ns
        and client in hosts_of(case, change)
        and server in peers_of(case, change)
        for change in case.changes
    )


def _login(kind: ClueKind, row: Row, path: tuple[str, str], text: str, answer: Answer) -> Clue:
    return Clue(
        kind,
        path[0],
        text,
        answer.cite,
        Signal.LOGS,
        Weight.STRONG,
        object=path[1],
        value=row["events"],
        unit="logins",
        at_ns=row["first_ns"],
        end_ns=row["last_ns"],
        detail={"user": row["user"]},
    )
