"""Models for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from sensorium.detect.models import ModelCard, Standing
    from sensorium.detect.models.live_record import LiveRecord

# What a score says, and how it is written; others are shown as they are.
SCORES = {
    "held_out": ("judged on", "{:,.0f} vectors held out, the latest"),
    "rare_share": ("of those at 0.001 or rarer", "{:.2%} (0.1 % is usual)"),
    "mean_score": ("mean score", "{:.3f}"),
    "mean_score_fit": ("mean score where it was fitted", "{:.3f}"),
    "drift": ("drift between the two", "{:.3f} (above 0.25 something has moved)"),
    "held_out_confirmed": ("of those confirmed", "{:.0f}"),
    "auc": ("AUC", "{:.3f}: how often a confirmed one comes before another (0.5 is by chance)"),
    "auc_low": ("AUC at least", "{:.3f}, in 95 % of resamplings"),
    "auc_high": ("AUC at most", "{:.3f}, in 95 % of resamplings"),
    "worst_first_auc": ("AUC of worst first", "{:.3f}"),
    "worst_first_average_precision": ("average precision of that", "{:.3f}"),
    "brier": ("Brier error", "{:.3f} (0 is none)"),
    "brier_of_rate": ("Brier error of the rate", "{:.3f}, from always saying the usual rate"),
    "calibration_error": ("probabilities off by", "{:.3f} on average over five groups"),
    "first_contacts": ("of those first contacts", "{:,.0f}, and others that did not come"),
    "told_from_absent": (
        "tells them apart",
        "{:.3f} (0.5 is by chance, 1 is always)",
    ),
    "told_untrained": ("without training", "{:.3f}"),
    "told_apart": ("tells combinations apart", "{:.3f} (0.5 is by chance, 1 is always)"),
}


def console() -> Console:
    """Where people read."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 110, highlight=False)


def state(card: ModelCard, standing: Standing) -> str:
    """What a version does now."""
    if card.version == standing.active:
        return "active"
    if card.version == standing.shadow:
        return "shadow"
    return "was active" if card.version in standing.before else ""


def as_data(card: ModelCard, standing: Standing) -> dict[str, Any]:
    """A card for JSON."""
    from dataclasses import asdict

    return {**asdict(card), "state": state(card, standing)}


def table(rows: Iterable[tuple[ModelCard, Standing]]) -> None:
    """One line per version."""
    from rich.table import Table

    out = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("model", "version", "state", "kind", "vectors", "data"):
        right = heading in ("version", "vectors")
        out.add_column(heading, no_wrap=True, justify="right" if right else "left")
    for card, standing in rows:
        out.add_row(
            card.name,
            str(card.version),
            state(card, standing) or "-",
            card.kind.value.replace("_", " "),
            f"{card.rows:,}",
            f"{_length(card)} to {minute(card.until_ns)}",
        )
    console().print(out)


def _length(card: ModelCard) -> str:
    seconds = (card.until_ns - card.since_ns) / 1e9
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def show(card: ModelCard, standing: Standing) -> None:
    """One version in full."""
    out = console()
    now = state(card, standing) or "not in use"
    out.print(
        f"[bold]{card.name} {card.version}[/bold]  {card.kind.value.replace('_', ' ')}, {now}"
    )
    lines = {
        "trained": minute(card.created_ns),
        "on": f"{card.rows:,} vectors of {minute(card.since_ns)} to {minute(card.until_ns)}",
        "settings": ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in card.settings.items()),
        "features": f"{len(card.features)}: {', '.join(card.features)}",
    }
    for name, value in card.scores.items():
        heading, form = SCORES.get(name, (name.replace("_", " "), "{:.4g}"))
        lines[heading] = form.format(value)
    grid(lines)


def show_live(card: ModelCard, live: LiveRecord) -> None:
    """What a version did in a running service."""
    lines = {}
    if live.version == card.version and live.drift is not None:
        lines[f"drift at {minute(live.until_ns)}"] = _drift(live.drift)
    trial = live.trial
    if trial is not None and trial.windows and card.version in (trial.version, trial.active):
        rival = f"version {trial.active}" if trial.active else "what the stream fits"
        among = f"{trial.windows:,} windows, {trial.scored:,} of hosts"
        lines[f"version {trial.version} in the shadow of {rival}"] = among
        lines["passed by both"] = f"{trial.both:,}"
        lines["by the active one alone"] = f"{trial.only_active:,}"
        lines["by the shadow alone"] = f"{trial.only_shadow:,}"
        if trial.agreement is not None:
            lines["of what either lets pass, both do"] = f"{trial.agreement:.0%}"
        rates = f"{trial.rate(shadow=False):.3%} and {trial.rate(shadow=True):.3%}"
        lines["pass rates, active and shadow"] = rates
        if trial.drift is not None:
            lines["drift of the shadow"] = _drift(trial.drift)
    if lines:
        grid(lines)


def _drift(value: float) -> str:
    from sensorium.detect.models.drift import MOVED

    return f"{value:.3f}{', which is much: train it again' if value > MOVED else ''}"


def grid(lines: dict[str, str]) -> None:
    """Headings beside what they head."""
    from rich.table import Table

    out = Table.grid(padding=(0, 2, 0, 0))
    out.add_column(style="dim", no_wrap=True)
    out.add_column()
    for heading, said in lines.items():
        if said:
            out.add_row(f"  {heading}", said)
    console().print(out)


def minute(ns: int) -> str:
    """A time (Unix ns) to the minute."""
    return datetime.fromtimestamp(ns / 1e9, UTC).strftime("%Y-%m-%d %H:%MZ")
