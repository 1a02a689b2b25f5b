"""Draw docs/images/encoders.svg: how each encoder makes a node's new vector of its neighbours.

Run as ``python tools/encoders_picture.py [FILE]``; needs the extra ``plot``. A suffix other than
.svg (.png) gives that format.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

_PLACES = [(-1.0, 0.55), (-1.0, -0.55), (0.15, -1.05)]
"""Where neighbours stand around the node, which is at 0, 0; the last one is a hub."""
_BLUE, _ORANGE, _GREEN, _GREY = "#2b6cb0", "#c05621", "#2f855a", "#4a5568"


class Panel(NamedTuple):
    """One encoder: what it does, the colour and breadth of each arrow, and that of the own loop."""

    name: str
    said: str
    colours: tuple[str, str, str]
    breadths: tuple[float, float, float]
    labels: tuple[str, str, str]
    own: str


PANELS = (
    Panel(
        "sage",
        "all alike by weights W₂,\nthe node itself by W₁",
        (_BLUE,) * 3,
        (2, 2, 2),
        ("⅓", "⅓", "⅓"),
        _ORANGE,
    ),
    Panel(
        "gcn",
        "one W for all; a hub says\nlittle to each of its many",
        (_BLUE,) * 3,
        (2.6, 2.6, 0.9),
        ("1/√8", "1/√8", "1/√28"),
        _BLUE,
    ),
    Panel(
        "gat, gatv2",
        "attention: as much as the two\nvectors say, also of a hub",
        (_BLUE,) * 3,
        (0.9, 1.6, 4.4),
        ("0.1", "0.2", "0.5"),
        _BLUE,
    ),
    Panel(
        "rgat",
        "attention, and weights for\neach kind of edge",
        (_BLUE, _GREEN, _GREEN),
        (0.9, 1.6, 4.4),
        ("kind 1", "kind 2", "kind 2"),
        "",
    ),
    Panel(
        "GraphConv",
        "a sum: more neighbours\ngive a longer vector",
        (_BLUE,) * 3,
        (2.6, 2.6, 2.6),
        ("1", "1", "1"),
        _ORANGE,
    ),
    Panel(
        "EdgeConv",
        "the largest h(x, difference),\nnumber by number",
        (_GREEN,) * 3,
        (1, 1, 1),
        ("x₁ − x", "x₂ − x", "x₃ − x"),
        "",
    ),
)


def _arrow(axes: Any, begin: Any, end: Any, colour: str, breadth: float, **more: Any) -> None:
    style = "-|>,head_length=5,head_width=2.5"
    axes.add_patch(
        FancyArrowPatch(
            begin,
            end,
            arrowstyle=style,
            color=colour,
            linewidth=breadth,
            shrinkA=0,
            shrinkB=0,
            **more,
        )
    )


def _draw(axes: Any, panel: Panel) -> None:
    for place, colour, breadth, label in zip(
        _PLACES, panel.colours, panel.breadths, panel.labels, strict=True
    ):
        x, y = place
        length = (x * x + y * y) ** 0.5
        begin, end = (x * (1 - 0.2 / length), y * (1 - 0.2 / length)), (x * 0.27, y * 0.27)
        if x == _PLACES[-1][0]:  # the hub's other neighbours
            for dx, dy in ((-0.5, -0.25), (-0.2, -0.42), (0.2, -0.42), (0.5, -0.25), (0.52, 0.05)):
                axes.plot([x, x + dx], [y, y + dy], color="#cbd5e0", linewidth=1, zorder=0)
        _arrow(axes, begin, end, colour, breadth)
        aside = (0.12, 0.06) if x > 0 else (0.05, 0.24 if y > 0 else -0.24)
        middle = (x * 0.55 + aside[0], y * 0.55 + aside[1])
        axes.text(*middle, label, color=colour, ha="left" if x > 0 else "center", va="center")
        axes.add_patch(Circle(place, 0.16, facecolor="white", edgecolor=_GREY, linewidth=1.4))
    if panel.own:
        turn = "arc3,rad=-1.5"
        _arrow(axes, (0.08, 0.2), (0.22, -0.04), panel.own, 2, connectionstyle=turn)
    axes.add_patch(Circle((0, 0), 0.2, facecolor="#edf2f7", edgecolor="black", linewidth=1.8))
    axes.text(0, -0.01, "x", ha="center", va="center")
    axes.text(0.62, 0.95, panel.name, fontsize=12, fontweight="bold", va="top")
    axes.text(0.62, 0.66, panel.said, fontsize=9.5, ha="left", va="top", color=_GREY)
    axes.set(xlim=(-1.3, 2.6), ylim=(-1.55, 0.95), aspect="equal")
    axes.axis("off")


def main(path: Path) -> None:
    """Draw all panels; the same each time, byte for byte."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sensorium", "font.size": 10}):
        figure = Figure(figsize=(12.6, 5.6), layout="constrained")
        figure.patch.set_facecolor("white")
        for axes, panel in zip(figure.subplots(2, 3).flat, PANELS, strict=True):
            _draw(axes, panel)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=90)


if __name__ == "__main__":
    default = Path(__file__).parents[1] / "docs" / "images" / "encoders.svg"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
