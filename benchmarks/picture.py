"""Measurements as line charts in SVG: what ``--picture FILE`` of a benchmark writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Points = tuple[Sequence[float], Sequence[float]]
"""Places along the axis below, and the value at each."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: lines by name, what both axes count, and which of them are logarithmic."""

    below: str
    beside: str
    lines: Mapping[str, Points]
    log_below: bool = True
    log_beside: bool = False


def write_chart(path: Path, panels: Sequence[Panel], *, columns: int = 2) -> None:
    """Draw panels in rows of ``columns``. The same figures give the same file, byte for byte."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    plain = FuncFormatter(lambda value, _: f"{value:,.10g}")
    # Text stays text, so that it can be searched and takes the reader's own font.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sensorium", "font.size": 11}):
        figure = Figure(figsize=(5.2 * columns, 3.4 * rows), layout="constrained")
        figure.patch.set_facecolor("white")
        places_of = figure.subplots(rows, columns, squeeze=False).flat
        for panel, axes in zip(panels, places_of, strict=False):
            for name, (places, values) in panel.lines.items():
                axes.plot(places, values, marker="o" if len(places) < 20 else "", label=name)
            if panel.log_below:
                axes.set_xscale("log")
            if panel.log_beside:
                axes.set_yscale("log")
                axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            else:
                highest = max(max(values) for _, values in panel.lines.values())
                axes.set_ylim(0, 1.08 * highest or 1)
            axes.yaxis.set_minor_formatter(NullFormatter())
            axes.xaxis.set_major_formatter(plain)
            axes.yaxis.set_major_formatter(plain)
            axes.set_xlabel(panel.below)
            axes.set_ylabel(panel.beside)
            axes.grid(color="#e5e7eb")
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
            if len(panel.lines) > 1:
                axes.legend(frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
