"""One value per series and window: levels, increases per second, and means of distributions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import F64, I64, U64
from sensorium.detect.keys import mix, text_key
from sensorium.detect.metrics.registry import Reading, SeriesRegistry
from sensorium.detect.metrics.window import MetricWindow, Series, SeriesKind, Targets
from sensorium.state.arrays import State


class MetricAssembly:
    """Turns the samples of each window, in order, into a :class:`MetricWindow`."""

    def __init__(self, capacity: int, ignored: str = "(?!)") -> None:
        """Names that begin like the regular expression ``ignored`` are left out."""
        self._registry = SeriesRegistry(capacity, ignored)

    def build(self, batch: pa.RecordBatch, index: int) -> MetricWindow:
        """The values of one window; call once per window."""
        rows, time, value = self._samples(batch, index)
        starts = np.flatnonzero(np.append(True, rows[1:] != rows[:-1])[: len(rows)])
        ends = np.append(starts[1:], len(rows))[: len(starts)] - 1
        row = rows[starts]
        increase, seconds = self._increase(rows, time, value, starts)
        level = np.add.reduceat(value, starts) / (ends + 1 - starts) if len(rows) else value
        self._registry.watch(rows, value, starts)
        self._registry.last_value[row] = value[ends]
        self._registry.last_time[row] = time[ends]
        return self._window(batch.num_rows, row, level, increase, seconds)

    def state(self) -> State:
        """What is known of the series."""
        return self._registry.state()

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._registry.restore(state)

    def _samples(self, batch: pa.RecordBatch, index: int) -> tuple[I64, I64, F64]:
        """Rows, times and values of usable samples, by row and time, one per moment."""
        rows = self._registry.rows(batch, index)
        time = batch.column("time_ns").to_numpy(zero_copy_only=False).astype(np.int64)
        value = batch.column("value").fill_null(float("nan")).to_numpy(zero_copy_only=False)
        reading = self._registry.reading[rows]
        usable = np.flatnonzero((rows >= 0) & np.isfinite(value) & (reading != Reading.IGNORED))
        order = usable[np.lexsort((value[usable], time[usable], rows[usable]))]
        rows, time, value = rows[order], time[order], value[order].astype(np.float64)
        once = np.ones(len(rows), np.bool_)
        once[1:] = (rows[1:] != rows[:-1]) | (time[1:] != time[:-1])
        once &= time > self._registry.last_time[rows]
        return rows[once], time[once], value[once]

    def _increase(self, rows: I64, time: I64, value: F64, starts: I64) -> tuple[F64, F64]:
        """How much each counter grew since its last sample, and over how many seconds.

        A counter that fell was reset and has grown from zero; a delta is what it grew. Without
        an earlier sample the increase is NaN.
        """
        if not len(rows):
            return value, value
        before, since = np.append(0.0, value[:-1]), np.append(0, time[:-1])
        first = rows[starts]
        before[starts] = self._registry.last_value[first]
        since[starts] = self._registry.last_time[first]
        is_delta = self._registry.reading[rows] == Reading.DELTA
        step = np.where(is_delta | (value < before), value, value - before)
        step = np.where(since > 0, step, 0.0)
        span = np.where(since > 0, (time - since) / 1e9, 0.0)
        seconds = np.add.reduceat(span, starts)
        increase = np.add.reduceat(step, starts)
        return np.where(seconds > 0, increase, np.nan), seconds

    def _window(
        self, samples: int, row: I64, level: F64, increase: F64, seconds: F64
    ) -> MetricWindow:
        registry = self._registry
        counter = registry.read_as_counter(row)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(counter, increase / seconds, level)
        known = np.isfinite(values)
        keys = np.empty(len(registry.reading), np.uint64)
        keys[registry.index.rows] = registry.index.keys
        # A series without a type that turns out to be no counter starts afresh, as another.
        turned = row[registry.fell[row]]
        keys[turned] = mix(keys[turned])
        kinds = np.where(counter, int(SeriesKind.RATE), int(SeriesKind.GAUGE))
        whole = ~registry.fraction[row][known]
        names = [registry.series[r] for r in row[known].tolist()]
        mean_keys, means, mean_series = self._means(row, increase)
        all_keys = np.concatenate([keys[row][known], mean_keys])
        order = np.argsort(all_keys, kind="stable")
        families = np.concatenate([registry.family[row][known], _families(mean_series)])
        mean_kinds = np.full(len(means), int(SeriesKind.MEAN))
        series = names + mean_series
        return MetricWindow(
            keys=all_keys[order],
            values=np.concatenate([values[known], means])[order],
            kinds=np.concatenate([kinds[known], mean_kinds])[order],
            whole=np.concatenate([whole, np.zeros(len(means), np.bool_)])[order],
            families=families[order],
            target=np.append(registry.target[row][known], np.zeros(len(means), np.uint64))[order],
            series=[series[place] for place in order.tolist()],
            targets=self._targets(row),
            samples=samples,
        )

    def _means(self, row: I64, increase: F64) -> tuple[U64, F64, list[Series]]:
        """Means of the distributions that observed something."""
        found = list(self._registry.means.values())
        grown = np.full(len(self._registry.reading) or 1, np.nan)
        grown[row] = increase
        total = grown[[mean.sum_row for mean in found]] if found else np.empty(0)
        count = grown[[mean.count_row for mean in found]] if found else np.empty(0)
        observed = np.flatnonzero(np.isfinite(total) & (count > 0))
        series = [found[place].series for place in observed.tolist()]
        keys = np.array([found[place].key for place in observed.tolist()], np.uint64)
        return keys, total[observed] / count[observed], series

    def _targets(self, row: I64) -> Targets:
        keys = np.unique(self._registry.target[row])
        keys = keys[keys > 0]
        instances = [self._registry.instances[key] for key in keys.tolist()]
        return Targets(keys, instances)


def _families(means: list[Series]) -> U64:
    return np.array([text_key("mean of " + mean.name) for mean in means], np.uint64)
