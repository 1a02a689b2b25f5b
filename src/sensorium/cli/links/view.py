"""How training and figures look in a terminal."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

if TYPE_CHECKING:
    from sensorium.links.models.model import LinkModel

_SHOWN: Final = {
    "auc": "AUC",
    "ap": "AP",
    "mrr": "MRR",
    "hits@1": "Hits@1",
    "hits@10": "Hits@10",
    "hits@50": "Hits@50",
    "hits@100": "Hits@100",
}
_SETS: Final = {
    "test": "against as many random pairs",
    "hard": "against 50 pairs two hops apart, each",
    "suggestions": "five suggestions to a user",
}
_OF_NEW: Final = {"hard": "against 50 like pairs of a new node and another, each"}


class Progress:
    """A bar of epochs on standard error; nothing where it is quiet or no terminal."""

    def __init__(self, epochs: int, *, quiet: bool) -> None:
        console = Console(stderr=True)
        self._bar = Bar(
            TextColumn("learning"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=epochs, said="preparing")

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def step(self, epoch: int, loss: float, mrr: float) -> None:
        """An epoch is done."""
        said = f"loss {loss:.3f}, validation MRR {mrr:.3f}"
        self._bar.update(self._task, completed=epoch + 1, said=said)


def notes(lines: list[str]) -> None:
    """What was left out or assumed, on standard error."""
    for line in lines:
        click.echo(f"note: {line}", err=True)


def said(model: LinkModel, out: Path) -> dict[str, Any]:
    """A model for machines."""
    from dataclasses import asdict

    graph = model.graph
    return {
        "model": str(out),
        "nodes": graph.nodes,
        "edges": graph.edges,
        "features": 0 if model.features is None else len(model.features.columns),
        **asdict(model.card),
    }


def show(model: LinkModel, out: Path) -> None:
    """What was learned, from what, and how good it is."""
    graph, card = model.graph, model.card
    features = "" if model.features is None else f", {len(model.features.columns):,} features"
    console = Console(highlight=False)
    console.print(f"{graph.nodes:,} nodes, {graph.edges:,} edges{features}")
    console.print(
        f"{card.settings.encoder} and {card.settings.decoder}: best after epoch "
        f"{card.best_epoch + 1} of {len(card.curves)}"
    )
    for name, figures in card.scores.items():
        if not figures:
            continue
        console.print(f"  {_against(name, card.split)}: {_line(figures)}", soft_wrap=True)
    console.print(f"saved: {out}", soft_wrap=True)
    console.print(f"next:  sensorium links evaluate {out}", soft_wrap=True)


def compare(model: LinkModel, ours: dict[str, Any], others: dict[str, Any]) -> None:
    """A table of figures, the model first."""
    console = Console(highlight=False)
    table = Table(title=f"Held-out edges ({model.card.split} split), %", title_justify="left")
    table.add_column("")
    shown = [key for key in _SHOWN if key in ours["test"]]
    for key in shown:
        table.add_column(_SHOWN[key], justify="right")
    rows = {f"{model.card.settings.encoder} (this model)": ours, **others}
    for name, figures in rows.items():
        table.add_row(name, *(f"{100 * figures['test'][key]:.1f}" for key in shown))
    console.print(table)
    for name in ("hard", "suggestions"):
        for who, figures in rows.items():
            if figures.get(name):
                against = _against(name, model.card.split)
                console.print(f"{against}, {who}: {_line(figures[name])}", soft_wrap=True)


def _against(name: str, split: str) -> str:
    """What a set of figures is measured against."""
    return (_OF_NEW if split == "new-nodes" else {}).get(name, _SETS[name])


def _line(figures: dict[str, float]) -> str:
    return ", ".join(
        f"{_SHOWN.get(name, name.replace('hit@', 'Hit@').replace('mrr@', 'MRR@'))} "
        f"{100 * value:.1f} %"
        for name, value in figures.items()
        if name in _SHOWN or ("@" in name and name != "hits@20")
    )
