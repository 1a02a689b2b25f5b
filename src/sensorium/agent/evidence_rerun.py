"""Ask an evidence's question again and say whether the answer is still the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensoriumError
from sensorium.model.canonical import digest
from sensorium.model.evidence import Evidence, EvidenceSource

if TYPE_CHECKING:
    from sensorium.store.telemetry import TelemetryStore

Rows = tuple[tuple[Any, ...], ...]


class CannotRerunError(SensoriumError):
    """The evidence's query cannot be asked of this store; the text says why."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """What the query answers now.

    ``matches`` is true where the answer has the digest it had. ``intact`` is true where the
    stored record still belongs to its id, that is, nobody edited it.
    """

    columns: tuple[str, ...]
    rows: Rows
    digest: str
    matches: bool
    intact: bool


def ask(
    telemetry: TelemetryStore, query: str, parameters: Mapping[str, Any]
) -> tuple[tuple[str, ...], Rows]:
    """Run one query; the answer's columns and rows as plain JSON values."""
    table = telemetry.query(query, parameters)
    columns = tuple(str(name) for name in table.column_names)
    values = [table.column(i).to_pylist() for i in range(table.num_columns)]
    rows = tuple(zip(*values, strict=True)) if values else ()
    return columns, tuple(tuple(_plain(v) for v in row) for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return value


def result_digest(columns: Sequence[str], rows: Rows) -> str:
    """SHA-256 over the canonical JSON of columns and all rows."""
    return digest([list(columns), [list(row) for row in rows]])


def evidence_id(
    source: EvidenceSource, query: str, parameters: Mapping[str, Any], result: str
) -> str:
    """``E-`` and 10 hex digits that follow from the question and the answer's digest."""
    return "E-" + digest([source.value, query, dict(parameters), result])[:10]


def is_intact(evidence: Evidence) -> bool:
    """Whether a stored evidence still is what its id says.

    Where all rows were kept they are checked too; where only the first were, their change shows
    when the query runs again.
    """
    kept_all = len(evidence.rows) == evidence.row_count
    if kept_all and result_digest(evidence.columns, evidence.rows) != evidence.digest:
        return False
    expected = evidence_id(evidence.source, evidence.query, evidence.parameters, evidence.digest)
    return expected == evidence.id


def rerun(evidence: Evidence, telemetry: TelemetryStore) -> Rerun:
    """Run the stored query again; CannotRerunError where it is not the telemetry store's."""
    if evidence.source is not EvidenceSource.TELEMETRY:
        raise CannotRerunError(
            f"{evidence.id} was drawn from the records store, not from telemetry",
            unaffected="its stored rows are as they were",
            next_step=f"see them: sensorium evidence show {evidence.id} --stored",
        )
    columns, rows = ask(telemetry, evidence.query, evidence.parameters)
    now = result_digest(columns, rows)
    return Rerun(columns, rows, now, now == evidence.digest, is_intact(evidence))
