"""How a replay's result looks in a terminal: 100 columns, with colour or without."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sensorium.cli.context import data_flag
from sensorium.model.incident import IncidentState, Severity, Verdict

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from sensorium.pipeline.summary import Gate, IncidentLine, Intake, ReplayResult

_SEVERITY_STYLE = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_STATE_STYLE = {
    IncidentState.AUTO_RESOLVED: "green",
    IncidentState.AWAITING_APPROVAL: "bold yellow",
    IncidentState.ESCALATED: "bold red",
}
_VERDICT_STYLE = {Verdict.PLANNED: "green"}
_RANK = {severity: rank for rank, severity in enumerate(reversed(Severity))}


def show(console: Console, result: ReplayResult, command: str) -> None:
    """Print everything; ``command`` is how the reader called this program."""
    _section(console, "What came in", _intake_rows(result.intake))
    _section(console, "What the gate let through", _gate_rows(result.gate))
    lines = _by_severity(result.whole())
    _heading(console, f"Incidents ({len(lines)})")
    if lines:
        console.print(Padding(_incident_table(lines), (0, 0, 0, 2)))
    else:
        console.print("  None: nothing in this recording was odd enough to wake anyone.")
    _planned(console, result)
    _waiting(console, result, command)
    _next(console, result, command)


def _by_severity(lines: Iterable[IncidentLine]) -> list[IncidentLine]:
    def urgency(line: IncidentLine) -> tuple[int, int, str]:
        incident = line.incident
        return _RANK[incident.severity], incident.start_ns, incident.id

    return sorted(lines, key=urgency)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _section(console: Console, title: str, rows: Iterable[tuple[str, RenderableType]]) -> None:
    _heading(console, title)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=12)
    grid.add_column()
    for label, value in rows:
        grid.add_row(label, value)
    console.print(Padding(grid, (0, 0, 0, 2)))


def _intake_rows(intake: Intake) -> Iterable[tuple[str, str]]:
    minutes = (intake.ended_ns - intake.started_ns) / 60e9
    yield (
        "records",
        (f"{intake.flows:,} flows, {intake.log_lines:,} log lines, {intake.samples:,} samples"),
    )
    yield (
        "from",
        (
            f"{intake.exporters} exporters, {intake.log_senders} log senders, "
            f"{intake.scrape_targets} scrape targets"
        ),
    )
    yield "span", f"{_clock(intake.started_ns)} to {_clock(intake.ended_ns)} UTC, {minutes:.0f} min"
    yield (
        "rate",
        (
            f"{intake.records_per_s:,.0f} records/s through the whole path, "
            f"{minutes * 60 / max(intake.wall_s, 0.001):,.0f} times real time"
        ),
    )
    if intake.malformed:
        yield "malformed", f"{intake.malformed:,} counted by reason, nothing stopped"


def _gate_rows(gate: Gate) -> Iterable[tuple[str, str]]:
    yield "scored", f"{gate.scored:,} windows of hosts, pairs, services, interfaces, logs, metrics"
    yield (
        "quiet rate",
        f"{gate.quiet_share:.3%} passed while no incident was open (set: {gate.setting:.1%})",
    )
    yield "in all", f"{gate.share:.3%} passed: {gate.passed:,} anomalies"


def _incident_table(lines: Iterable[IncidentLine]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("severity", no_wrap=True)
    table.add_column("incident", no_wrap=True)
    table.add_column("what, whom, and what became of it", ratio=1)
    for line in lines:
        incident = line.incident
        anomalies = len(incident.anomaly_ids)
        what = Text(incident.title)
        what.append("\n")
        what.append(incident.state.replace("_", " "), style=_STATE_STYLE.get(incident.state, ""))
        what.append(f", {incident.verdict}", style=_VERDICT_STYLE.get(incident.verdict, ""))
        what.append(f"; {anomalies:,} anomal{'y' if anomalies == 1 else 'ies'}", style="dim")
        if line.entities:
            what.append(f"; {', '.join(line.entities)}", style="dim")
        table.add_row(
            Text(incident.severity, style=_SEVERITY_STYLE[incident.severity]), incident.id, what
        )
    return table


def _planned(console: Console, result: ReplayResult) -> None:
    lines = result.planned()
    if not lines:
        return
    _heading(console, "Planned, so closed with proof")
    for line in lines:
        console.print(_item("✓", "green", line.incident.id, line.incident.proof))


def _waiting(console: Console, result: ReplayResult, command: str) -> None:
    lines = _by_severity(result.waiting())
    if not lines:
        return
    _heading(console, "Waiting for a person")
    data = Path(result.data_dir)
    where = data_flag(data)
    for line in lines:
        decision = line.decision
        if decision is None:
            continue
        console.print(_item("▲", "bold yellow", line.incident.id, f"proposes: {decision.title}"))
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True, min_width=7)
        grid.add_column(overflow="fold")
        grid.add_row("brief", Text(str(data / line.incident.brief_path), style="cyan"))
        decide = f"{command} approval"
        grid.add_row("approve", f"{decide} approve {decision.approval_id}{where}")
        grid.add_row("reject", f'{decide} reject {decision.approval_id}{where} --reason "why"')
        console.print(Padding(grid, (0, 0, 0, 4)))


def _next(console: Console, result: ReplayResult, command: str) -> None:
    lines = _by_severity(result.waiting() or result.whole())
    first = lines[0].incident.id + data_flag(Path(result.data_dir)) if lines else ""
    rows = [
        (f"{command} incident show {first}", "read a brief here") if first else None,
        (f"{command} evidence list {first}", "every query behind it; run any again")
        if first
        else None,
        (f"{command} run", "the same path as a service: NetFlow, IPFIX, syslog, scrapes"),
        None if first else (f"{command} doctor", "is this machine ready to listen"),
    ]
    _section(console, "Next", [row for row in rows if row])


def _item(mark: str, style: str, name: str, text: str) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=3, justify="right", style=style)
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(ratio=1)
    grid.add_row(mark, name, text)
    return grid


def _clock(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")
