"""A window's flow records by interface of their exporters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import I64, U64
from sensorium.detect.groups import order_of
from sensorium.detect.kernels import interfaces as kernels
from sensorium.detect.kernels.probing import enter_rows

_SMALLEST = 1 << 8


@dataclass(frozen=True, slots=True)
class Interfaces:
    """The ``k`` interfaces that records named, in order of their keys.

    ``exporter`` indexes the window's addresses; ``index`` is the exporter's own number.
    """

    keys: U64
    exporter: I64
    index: I64
    bytes_in: I64
    bytes_out: I64
    packets: I64
    flows: I64

    def __len__(self) -> int:
        return len(self.keys)


def by_interface(
    exporters: I64, in_ifs: I64, out_ifs: I64, sizes: I64, packets: I64, address_keys: U64
) -> Interfaces:
    """Sum records (n,) by interface; one with the same interface on both sides counts for each."""
    used, room = np.zeros(1, np.int64), _SMALLEST
    keys, sums = np.zeros(room, np.uint64), np.zeros((room, kernels.COLUMNS), np.int64)
    slots = np.full(2 * room, -1, np.int32)
    columns = (exporters, in_ifs, out_ifs, sizes, packets, address_keys)
    at = 0
    while (at := kernels.sum_interfaces(at, *columns, slots, keys, sums, used)) < len(exporters):
        room *= 2
        keys = np.concatenate([keys, np.zeros_like(keys)])
        sums = np.concatenate([sums, np.zeros_like(sums)])
        slots = np.full(2 * room, -1, np.int32)
        enter_rows(np.arange(used[0]), slots, keys)
    order = order_of(keys[: used[0]])
    return Interfaces(keys[order], *np.ascontiguousarray(sums[order].T))
