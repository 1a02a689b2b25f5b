"""The series of one target's body, in columns, kept from scrape to scrape.

A target serves the same series in the same order, scrape after scrape: only values change. So
the columns that name the series are made once, and used again while the body's skeleton (see
``scan.py``) is the same bytes. Where it differs, only series not seen before are parsed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.metric_kinds import UNTYPED, kind_of, read_type_line
from sensorium.ingest.prometheus.series import MalformedSeriesError, parse_series
from sensorium.ingest.series import Series
from sensorium.model.signals import LABELS

UP = "up"
DURATION = "scrape_duration_seconds"


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of ``n`` series: the body's, then ``up`` and ``scrape_duration_seconds``.

    ``valid`` (bool, n) is false for lines that name no series; their columns hold fillers.
    """

    skeleton: bytes
    known: dict[bytes, Series | None]
    names: pa.StringArray
    labels: pa.MapArray
    kinds: pa.StringArray
    ids: npt.NDArray[np.uint64]
    valid: npt.NDArray[np.bool_]


_FILLER = Series("", (), 0)


def build_layout(
    skeleton: bytes, job: str, instance: str, known: dict[bytes, Series | None]
) -> Layout:
    """Name every line of a skeleton; ``known`` are the target's series parsed before."""
    types: dict[str, str] = {}
    kept: dict[bytes, Series | None] = {}
    series: list[Series] = []
    kinds: list[str] = []
    valid: list[bool] = []
    for line in skeleton.split(b"\n")[:-1]:
        if line.startswith(b"#"):
            read_type_line(line, types)
            continue
        if line in known:
            one = known[line]
        else:
            try:
                one = Series.of(*parse_series(line), job, instance)
            except MalformedSeriesError:
                one = None
        kept[line] = one
        valid.append(one is not None)
        series.append(one or _FILLER)
        kinds.append(kind_of(one.name, types) if one else UNTYPED)
    for name in (UP, DURATION):
        series.append(Series.of(name, (), job, instance))
        kinds.append("gauge")
        valid.append(True)
    return Layout(
        skeleton=skeleton,
        known=kept,
        names=pa.array([s.name for s in series], pa.string()),
        labels=_label_column(series),
        kinds=pa.array(kinds, pa.string()),
        ids=np.array([s.series_id for s in series], np.uint64),
        valid=np.array(valid, np.bool_),
    )


def _label_column(series: Sequence[Series]) -> pa.MapArray:
    ends = np.zeros(len(series) + 1, np.int32)
    np.cumsum([len(s.labels) for s in series], out=ends[1:])
    pairs = [pair for s in series for pair in s.labels]
    children = [pa.array([pair[side] for pair in pairs], pa.string()) for side in (0, 1)]
    entries = pa.StructArray.from_arrays(children, fields=[LABELS.key_field, LABELS.item_field])
    return pa.Array.from_buffers(
        LABELS, len(series), [None, pa.py_buffer(ends)], children=[entries]
    )


class Layouts:
    """The layouts of all targets, at most ``max_series`` series of them; the stalest go first."""

    def __init__(self, max_series: int) -> None:
        self._max_series = max_series
        self._series = 0
        self._by_target: OrderedDict[tuple[str, str], Layout] = OrderedDict()

    @property
    def series(self) -> int:
        """How many series are held."""
        return self._series

    def of(self, skeleton: bytes, job: str, instance: str) -> Layout:
        """The layout of a target's body; its columns are those of the last scrape if equal."""
        target = (job, instance)
        layout = self._by_target.get(target)
        if layout is None or layout.skeleton != skeleton:
            known = layout.known if layout else {}
            self._series -= len(layout.ids) if layout else 0
            layout = build_layout(skeleton, job, instance, known)
            self._by_target[target] = layout
            self._series += len(layout.ids)
        self._by_target.move_to_end(target)
        while self._series > self._max_series and self._by_target:
            _, stalest = self._by_target.popitem(last=False)
            self._series -= len(stalest.ids)
        return layout
