"""Series and their alarms as a PNG picture, by matplotlib (the extra ``plot``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.detect.arrays import I64
    from sensorium.detect.series.columns import ScoredColumn

_MOST: Final = 40


def draw(path: Path, times: I64 | None, columns: list[ScoredColumn], history: int) -> None:
    """Write a picture with a panel for each series, those with the strongest alarms first."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            f"drawing {path} needs matplotlib",
            unaffected="the series were scored",
            next_step=f"pip install 'sensorium[plot]', or --plot {path.with_suffix('.svg')}",
        ) from error
    ranked = sorted(columns, key=lambda c: -max((a.score for a in c.alarms), default=0.0))[:_MOST]
    n = len(columns[0].values)
    across: Any = np.arange(n) if times is None else times.astype("datetime64[ns]")
    figure = Figure(figsize=(12, 2.4 * len(ranked)), layout="constrained")
    panels = figure.subplots(len(ranked), 1, sharex=True, squeeze=False)[:, 0]
    for panel, column in zip(panels, ranked, strict=True):
        panel.axvspan(across[0], across[min(history, n - 1)], color="0.94")
        title, values = column.drawn
        panel.plot(across, values, linewidth=0.8, color="#2b6cb0")
        rows = [alarm.row for alarm in column.alarms]
        panel.plot(across[rows], values[rows], "o", markersize=4, color="#c53030")
        for row in rows:
            panel.axvline(across[row], color="#c53030", alpha=0.35, linewidth=0.8)
        panel.set_title(title, loc="left", fontsize=10)
        panel.margins(x=0)
    figure.savefig(path, format="png", dpi=110)
