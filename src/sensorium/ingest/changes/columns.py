"""Changes to a batch for the store, and rows of the store to changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from sensorium.model.canonical import canonical_json
from sensorium.model.change import Change, ChangeKind, ChangeScope
from sensorium.model.signals import CHANGES


def to_batch(changes: Sequence[Change]) -> pa.RecordBatch:
    """A batch of the CHANGES schema; ``scope`` is canonical JSON."""
    rows = [
        {
            "start_ns": change.start_ns,
            "end_ns": change.end_ns,
            "kind": change.kind.value,
            "source": change.source,
            "scope": canonical_json(change.scope).decode(),
            "title": change.title,
            "ref": change.ref,
        }
        for change in changes
    ]
    return pa.RecordBatch.from_pylist(rows, schema=CHANGES)


def from_rows(rows: Iterable[Mapping[str, Any]]) -> list[Change]:
    """The inverse of :func:`to_batch`; times are integers of Unix nanoseconds.

    ValueError where a row holds no change.
    """
    return [_from_row(row) for row in rows]


def _from_row(row: Mapping[str, Any]) -> Change:
    scope = json.loads(row["scope"])
    return Change(
        start_ns=int(row["start_ns"]),
        end_ns=int(row["end_ns"]),
        kind=ChangeKind(row["kind"]),
        source=row["source"],
        scope=ChangeScope(
            hosts=tuple(scope["hosts"]),
            peers=tuple(scope["peers"]),
            ports=tuple(scope["ports"]),
            service=scope["service"],
            max_bytes=scope["max_bytes"],
            command=scope["command"],
        ),
        title=row["title"],
        ref=row["ref"],
    )
