"""What a target of fuzzing is, and what all of them check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

Run = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Target:
    """One decoder.

    ``modules`` are what is loaded of ``sensorium.ingest``; ``prepare`` then gives what is called
    with each input and raises where something is wrong. ``seeds`` gives inputs to begin with,
    from the folder of real data where there is one. ``words`` are texts worth putting in.
    """

    name: str
    modules: tuple[str, ...]
    prepare: Callable[[], Run]
    seeds: Callable[[Path | None], Iterable[bytes]]
    words: tuple[bytes, ...] = field(default=())
    longest: int = 4096


def whole(batch: pa.RecordBatch, schema: pa.Schema) -> None:
    """The batch has the schema, and every value in it is one."""
    assert batch.schema == schema, "the batch has another schema"
    batch.validate(full=True)


def rows(batches: Iterable[pa.RecordBatch]) -> str:
    """All rows, as text: NaN is then NaN."""
    return repr([row for batch in batches for row in batch.to_pylist()])


def counts(observe: Any) -> dict[tuple[str, ...], float]:
    """Every counter with what it has counted, but those that say nothing."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in observe.registry.collect()
        for sample in family.samples
        if sample.name.endswith("_total") and sample.value
    }


def total(observe: Any, name: str, *labels: str) -> int:
    """What a counter has counted, over all its labels but these."""
    return int(
        sum(
            value
            for (found, *values), value in counts(observe).items()
            if found == name and set(labels) <= set(values)
        )
    )


def files(data: Path | None, pattern: str) -> Iterator[bytes]:
    """The content of real files."""
    for path in sorted(data.glob(pattern)) if data else ():
        yield path.read_bytes()
