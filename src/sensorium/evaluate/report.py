"""The evaluation as a table for people and as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.evaluate.scoring import MOST_UNCAUSED, Evaluation, ScenarioScore, Subject
from sensorium.evaluate.truth import Truth

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def as_data(evaluation: Evaluation, truth: Truth) -> dict[str, Any]:
    """Plain data of the whole result, as ``--json`` prints it."""
    return {
        "holds": evaluation.holds,
        "scenarios": [_scenario_data(s, truth) for s in evaluation.scenarios],
        "uncaused": [_incident_data(s) for s in evaluation.uncaused],
        "quiet_share": evaluation.quiet_share,
        "failures": list(evaluation.failures),
    }


def show(console: Console, name: str, evaluation: Evaluation, truth: Truth) -> None:
    """Print the table, what no scenario explains, and the verdict."""
    from rich.text import Text

    console.print(Text(f"{name}: {len(evaluation.scenarios)} scenarios", style="bold"))
    if evaluation.scenarios:
        console.print(_table(evaluation, truth))
    uncaused = len(evaluation.uncaused)
    console.print(
        f"elevated incidents without a cause: {uncaused} (at most {MOST_UNCAUSED} may be)"
    )
    for subject in evaluation.uncaused:
        console.print(Text(f"  {subject.incident.id}  {subject.incident.title}", style="dim"))
    if evaluation.quiet_share is not None:
        console.print(f"share of quiet windows that passed: {evaluation.quiet_share:.3%}")
    for failure in evaluation.failures:
        console.print(Text(f"does not hold: {failure}", style="red"))
    if evaluation.holds:
        console.print(Text("everything that must hold holds", style="green"))
    else:
        console.print(Text("not everything that must hold holds", style="bold red"))


def _table(evaluation: Evaluation, truth: Truth) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("scenario", no_wrap=True)
    table.add_column("incident", ratio=1)
    table.add_column("state", no_wrap=True)
    table.add_column("anom.", justify="right", no_wrap=True)
    table.add_column("purity", justify="right", no_wrap=True)
    table.add_column("in", justify="right", no_wrap=True)
    table.add_column("sign", no_wrap=True)
    table.add_column("seen", justify="right", no_wrap=True)
    table.add_column("holds", no_wrap=True)
    for scored in evaluation.scenarios:
        main = scored.incidents[0].incident if scored.incidents else None
        what = Text(f"{main.id} {main.title}" if main else "none")
        for failure in scored.failures:
            what.append(f"\n{_named(failure, truth)}", style="red")
        table.add_row(
            scored.scenario.id,
            what,
            main.state.value if main else "",
            f"{scored.anomalies:,}" if main else "",
            f"{scored.purity:.0%}" if main else "",
            str(len(scored.incidents)),
            "" if scored.sign is None else scored.sign.what,
            _after(scored.delay_s if scored.sign is None else scored.delay_from_sign_s),
            Text("yes", style="green") if scored.holds else Text("NO", style="bold red"),
        )
    return table


def _after(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.0f} s"


def _named(text: str, truth: Truth) -> str:
    for address in sorted(truth.names, key=len, reverse=True):
        text = text.replace(address, truth.names[address])
    return text


def _scenario_data(scored: ScenarioScore, truth: Truth) -> dict[str, Any]:
    scenario = scored.scenario
    return {
        "id": scenario.id,
        "kind": scenario.kind,
        "cause": scenario.cause,
        "expected": scenario.expected.value,
        "primary": [truth.name(h) for h in scenario.primary],
        "missing": [truth.name(h) for h in scored.missing],
        "incidents": [_incident_data(s) for s in scored.incidents],
        "anomalies": scored.anomalies,
        "purity": round(scored.purity, 4),
        "delay_s": scored.delay_s,
        "opened_s": scored.opened_s,
        "first_sign": None if scored.sign is None else scored.sign.what,
        "first_sign_s": scored.sign_s,
        "delay_from_sign_s": scored.delay_from_sign_s,
        "holds": scored.holds,
        "failures": list(scored.failures),
    }


def _incident_data(subject: Subject) -> dict[str, Any]:
    incident = subject.incident
    return {
        "id": incident.id,
        "title": incident.title,
        "kind": incident.kind.value,
        "severity": incident.severity.value,
        "state": incident.state.value,
        "verdict": incident.verdict.value,
        "change_ref": incident.change_ref,
        "proof": incident.proof,
        "anomalies": len(incident.anomaly_ids),
        "hosts": list(incident.hosts),
    }
