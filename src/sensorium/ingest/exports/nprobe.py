"""nProbe's flows as text: a line of its elements' names, and a flow on each line after it.

So are the data sets that are made with it (``NF-UNSW-NB15`` and others); those of them that have no
times are refused record by record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import pyarrow as pa

from sensorium.ingest.exports import elements
from sensorium.ingest.exports.cells import titled
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.signals import Signal

_SEPARATOR: Final = re.compile(r"[|,;\t]")
_MOST: Final = 20_000


def read_text(file: BinaryIO, refused: Refusals) -> Iterator[tuple[Signal, pa.RecordBatch]]:
    """The flows of the text, up to :data:`_MOST` in a batch."""
    for cells in titled(file, _SEPARATOR, refused):
        for part in cells.to_batches(_MOST):
            yield elements.flows(part.to_pylist(), refused)
