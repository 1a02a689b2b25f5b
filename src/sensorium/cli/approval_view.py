"""How approvals look in a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from unicodedata import category

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sensorium.model.approval import ApprovalState

if TYPE_CHECKING:
    from sensorium.model.action import Action
    from sensorium.model.approval import Approval
    from sensorium.model.incident import Incident

_OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_NARROW = 100
_STYLE = {
    ApprovalState.PENDING: "bold yellow",
    ApprovalState.APPROVED: "green",
    ApprovalState.REJECTED: "red",
}


def console() -> Console:
    """The terminal, or 100 columns where the output goes elsewhere."""
    return Console(width=None if sys.stdout.isatty() else 100, highlight=False)


def print_fitting(table: Table) -> None:
    """Print a table whose last column is a sentence; in a narrow terminal that stands below the
    rest of its row, so that no id is cut and the sentence is not squeezed."""
    out = console()
    if out.width >= _NARROW:
        out.print(table)
        return
    for *facts, sentence in zip(*(column.cells for column in table.columns), strict=True):
        told = [one if isinstance(one, Text) else Text(str(one)) for one in facts]
        out.print(Text("  ").join(one for one in told if one))
        out.print(Padding(sentence, (0, 0, 0, 2)))


def visible(text: str) -> str:
    """Text that cannot play tricks on a terminal.

    What a decision is about may quote names and log lines from the network. Control and
    direction characters, newlines among them, are spelled out instead of obeyed.
    """
    return "".join(
        c.encode("unicode_escape").decode() if category(c) in _OBEYED else c for c in text
    )


def when(time_ns: int) -> str:
    """A moment in UTC, to the minute."""
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")


def left(expires_ns: int) -> str:
    """How long a proposal still waits, in its largest unit and the next."""
    minutes = max(0, expires_ns - time.time_ns()) // 60_000_000_000
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def print_table(found: Sequence[tuple[Approval, Action | None]]) -> None:
    """One line per approval."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("approval", "state", "risk", "incident", "time left"):
        table.add_column(heading, no_wrap=True)
    table.add_column("proposes", ratio=1)
    for approval, action in found:
        pending = approval.state is ApprovalState.PENDING
        table.add_row(
            approval.id,
            Text(approval.state, style=_STYLE.get(approval.state, "")),
            action.risk if action else "?",
            approval.incident_id,
            left(approval.expires_ns) if pending else "",
            Text(visible(action.title) if action else "its action is missing"),
        )
    print_fitting(table)


def print_approval(approval: Approval, action: Action | None, data: str) -> None:
    """Everything that a person needs to decide, commands as they would be run."""
    out = console()
    out.print(_heading(approval, action))
    if action is None:
        return
    out.print(_facts(approval, action))
    out.print()
    _print_commands(out, "commands, in this order", action.commands)
    _print_commands(out, "to undo them", action.rollback)
    if approval.state is ApprovalState.PENDING:
        out.print()
        _print_commands(
            out,
            "decide",
            (
                f"sensorium approval approve {approval.id}{data}",
                f'sensorium approval reject {approval.id}{data} --reason "why"',
            ),
        )


def print_decision(
    approval: Approval, action: Action | None, incident: Incident | None, data: str
) -> None:
    """What was decided, and what is left for the person to do."""
    out = console()
    out.print(_heading(approval, action))
    if approval.state is ApprovalState.APPROVED and action is not None:
        out.print(
            "\nNothing was run: Sensorium has no connector yet. These are the approved commands, "
            f"for a person to run on {visible(action.target)}:",
            markup=False,
        )
        _print_commands(out, "", action.commands)
        _print_commands(out, "to undo them", action.rollback)
    if incident is not None:
        state = incident.state.replace("_", " ")
        out.print(Text(f"\n{incident.id} is now {state}: ").append(visible(incident.title)))
        out.print(Text(f"brief  sensorium incident show {incident.id}{data}", style="dim"))


def _heading(approval: Approval, action: Action | None) -> Text:
    line = Text().append(approval.id, style="bold").append(" ")
    line.append(approval.state, style=_STYLE.get(approval.state, ""))
    if approval.actor:
        line.append(visible(f" by {approval.actor}"))
    if approval.reason:
        line.append(visible(f": {approval.reason}"))
    if action is not None:
        line.append("\n").append(visible(action.title), style="bold")
    return line


def _facts(approval: Approval, action: Action) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("incident", approval.incident_id)
    grid.add_row("target", Text(visible(f"{action.target} ({action.connector})")))
    grid.add_row("risk", action.risk)
    grid.add_row("because", Text(visible(action.rationale)))
    grid.add_row("asked", when(approval.requested_ns))
    if approval.decided_ns:
        grid.add_row("decided", when(approval.decided_ns))
    else:
        grid.add_row("expires", f"{when(approval.expires_ns)} (in {left(approval.expires_ns)})")
    grid.add_row("digest", action.digest)
    return grid


def _print_commands(out: Console, title: str, commands: Sequence[str]) -> None:
    """Commands flush to the indent and never wrapped, so that they can be copied whole."""
    if not commands:
        return
    if title:
        out.print(Text(title, style="dim"))
    for command in commands:
        out.print(Text("  " + visible(command)), soft_wrap=True)
