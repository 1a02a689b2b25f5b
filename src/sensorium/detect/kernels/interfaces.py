"""Flow records summed by interface: what goes in and out of each."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I32, I64, U64
from sensorium.detect.kernels.mixing import joined, mixed
from sensorium.detect.kernels.probing import slot_of
from sensorium.ingest.compiled import kernel

# Columns of an interface, int64: its exporter and index; bytes in and out, packets, records.
EXPORTER, INDEX, BYTES_IN, BYTES_OUT, PACKETS, FLOWS = 0, 1, 2, 3, 4, 5
COLUMNS = 6


@kernel
def sum_interfaces(
    start: int,
    exporters: I64,
    in_ifs: I64,
    out_ifs: I64,
    sizes: I64,
    packets: I64,
    exporter_keys: U64,
    slots: I32,
    keys: U64,
    sums: I64,
    used: I64,
) -> int:
    """Add the records from ``start`` on, until all are or the table is half full.

    Returns the first that was not added. Index 0 is left out: exporters mean unknown by it.
    ``used`` (1,) counts interfaces.
    """
    for i in range(start, len(exporters)):
        if used[0] + 2 > len(keys):
            return i
        for inward in range(2):
            index = in_ifs[i] if inward else out_ifs[i]
            if index == 0:
                continue
            key = joined(mixed(exporter_keys[exporters[i]]), np.uint64(index))
            slot = slot_of(key, slots, keys)
            at = np.int64(slots[slot])
            if at < 0:
                at = used[0]
                slots[slot], keys[at] = at, key
                used[0] += 1
                for column in range(COLUMNS):
                    sums[at, column] = 0
                sums[at, EXPORTER], sums[at, INDEX] = exporters[i], index
            sums[at, BYTES_IN if inward else BYTES_OUT] += sizes[i]
            sums[at, PACKETS] += packets[i]
            sums[at, FLOWS] += 1
    return len(exporters)
