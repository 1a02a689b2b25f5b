"""The last values of many rows and features, in memory that follows how long each row's past is.

See :mod:`sensorium.detect.kernels.histories`. A value takes 3 bytes, 9 where it is exact, one more
for histories of over 256 windows; a row's room grows from two windows (from more, where there are
few features) by doubling.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sensorium.detect.arrays import F64, I32, I64, U8
from sensorium.detect.kernels.expecting import expect_rows, spreads_within
from sensorium.detect.kernels.histories import describe_rows, forget_rows, insert_values
from sensorium.detect.kernels.keeping import pack_rows, unpack_rows
from sensorium.detect.kernels.selecting import describe_together
from sensorium.state.arrays import State, StateError, taken

Array = npt.NDArray[Any]

_FEWEST_PLACES: Final = 16
_ROWS_A_SLAB: Final = 8
_SMALLEST_SLAB: Final = 4096


class Store(NamedTuple):
    """What the kernels work on; see there and :mod:`sensorium.detect.kernels.slabs`."""

    values: Array
    slots: Array
    counts: Array
    steps: I32
    kinds: U8
    blocks: I32
    sizes: I64
    slabs: I32
    owners: I32
    free: I32
    used: I64
    shape: I64


class Histories:
    """Of each row and of ``features`` features the last ``length`` values, gaps left out.

    Rows are small numbers, given by others; memory follows the largest and what rows hold.
    """

    def __init__(self, features: int, length: int, *, exact: bool = False, places: int = 0) -> None:
        """``places`` is how many values lie together, at least; enough for a few rows by itself."""
        rooms = [max(2, -(-_FEWEST_PLACES // features))]
        while rooms[-1] < length:
            rooms.append(2 * rooms[-1])
        windows = np.minimum(np.array(rooms, np.int64), length)
        places = places or max(_ROWS_A_SLAB * features * length, _SMALLEST_SLAB)
        blocks = windows * features
        short = length <= 256
        # By name, so that each is held but once and can grow where it lies.
        self._parts: dict[str, Array] = Store(
            values=np.zeros(0, np.float64 if exact else np.int16),
            slots=np.zeros(0, np.uint8 if short else np.uint16),
            counts=np.zeros((0, features), np.uint8 if length < 256 else np.uint16),
            steps=np.zeros(0, np.int32),
            kinds=np.zeros(0, np.uint8),
            blocks=np.zeros(0, np.int32),
            sizes=np.stack([windows, blocks, places // blocks], axis=1),
            slabs=np.zeros((len(windows), 0), np.int32),
            owners=np.zeros((0, int(places // blocks[0])), np.int32),
            free=np.zeros(0, np.int32),
            used=np.zeros(len(windows) + 2, np.int64),
            shape=np.array([length, places]),
        )._asdict()

    @property
    def nbytes(self) -> int:
        """Memory of all of it."""
        return sum(int(part.nbytes) for part in self._parts.values())

    @property
    def steps(self) -> I32:
        """How many windows each row has lived through."""
        return self._parts["steps"]

    def forget(self, rows: I64) -> None:
        """Make ``rows`` as those that never had a value, and make room for their numbers."""
        held = len(self._parts["steps"])
        most = int(rows.max(initial=-1)) + 1
        if most > held:
            room = max(most, held + held // 8)
            for name in ("counts", "steps", "kinds", "blocks"):
                self._lengthen(name, room)
            self._parts["blocks"][held:] = -1
        forget_rows(rows, Store(**self._parts))

    def insert(self, rows: I64, values: F64) -> None:
        """Append one value per feature to each of the distinct ``rows``; NaN is a gap."""
        values, at = np.ascontiguousarray(values, np.float64), 0
        while (at := insert_values(at, rows, values, Store(**self._parts))) < len(rows):
            self._more_slabs()

    def describe(self, rows: I64, extremes: F64) -> F64:
        """Location, rise, fall, span and number of values, (5, n, f), of each row's own past."""
        own = np.empty((5, len(rows), self._parts["counts"].shape[1]))
        describe_rows(rows, Store(**self._parts), extremes, own)
        return own

    def expect(
        self, rows: I64, extremes: F64, others: F64, floors: F64, young: float
    ) -> tuple[F64, F64, F64]:
        """Location, rise and fall (n, f) expected of rows among ``others`` of their kind."""
        location, rise, fall = (np.empty((len(rows), len(floors))) for _ in range(3))
        expected = location, rise, fall
        expect_rows(rows, Store(**self._parts), extremes, others, floors, young, *expected)
        return expected

    def spreads(self, rows: I64, extremes: F64, least: int) -> F64:
        """The larger of rise and fall of each row's own past, (f, n), NaN of fewer values than
        the ``least``."""
        out = np.empty((self._parts["counts"].shape[1], len(rows)))
        spreads_within(rows, Store(**self._parts), extremes, least, out)
        return out

    def together(self, rows: I64) -> F64:
        """Location and spread, (2, f), of all values that ``rows`` have; not of exact ones."""
        out = np.empty((2, self._parts["counts"].shape[1]))
        describe_together(rows, Store(**self._parts), out)
        return out

    def state(self) -> State:
        """Every row's values, without what is empty between them."""
        counts, steps = self._parts["counts"], self._parts["steps"]
        held = int(counts.sum(dtype=np.int64))
        values, slots = (np.empty(held, self._parts[name].dtype) for name in ("values", "slots"))
        pack_rows(Store(**self._parts), values, slots)
        return {"values": values, "slots": slots, "counts": counts.copy(), "steps": steps.copy()}

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave in place of what is here."""
        parts, length = self._parts, int(self._parts["shape"][0])
        steps = taken(state, "steps", np.int32, None)
        counts = taken(state, "counts", parts["counts"].dtype, len(steps), parts["counts"].shape[1])
        of_rows = counts.sum(axis=1, dtype=np.int64)
        held = int(of_rows.sum())
        values = taken(state, "values", parts["values"].dtype, held)
        slots = taken(state, "slots", parts["slots"].dtype, held)
        lived = np.clip(steps, 0, length)
        if (counts > lived[:, None]).any() or steps.min(initial=0) < 0 or (slots >= length).any():
            raise StateError("a kept state has histories that are longer than they may be")
        self.forget(np.arange(max(len(steps), len(parts["steps"]))))
        starts, at = np.cumsum(of_rows) - of_rows, 0
        while at < len(steps):
            runs = steps, values, slots, Store(**self._parts)
            at = unpack_rows(at, starts, counts, *runs)
            if at < len(steps):
                self._more_slabs()

    def _more_slabs(self) -> None:
        held = len(self._parts["free"])
        slabs = held + held // 8 + 1
        of_kinds = np.zeros((len(self._parts["sizes"]), slabs), np.int32)
        of_kinds[:, :held] = self._parts["slabs"]
        self._parts["slabs"] = of_kinds
        places = slabs * int(self._parts["shape"][1])
        for name, size in (("values", places), ("slots", places), ("owners", slabs)):
            self._lengthen(name, size)
        self._lengthen("free", slabs)

    def _lengthen(self, name: str, size: int) -> None:
        array = self._parts.pop(name)
        shape = (size, *array.shape[1:])
        try:
            # The system moves pages rather than bytes.
            array.resize(shape)
        except ValueError:
            # Somebody else looks at it still.
            longer = np.zeros(shape, array.dtype)
            longer[: len(array)] = array
            array = longer
        self._parts[name] = array
