"""Rows waiting to be written: gathered, sealed, bounded."""

from __future__ import annotations

import pyarrow as pa

from sensorium.store.telemetry.buffer import InsertBuffer


def rows(count: int) -> pa.RecordBatch:
    return pa.record_batch({"n": pa.array(range(count))})


def buffer(chunk_rows: int = 10, limit_rows: int = 30) -> InsertBuffer:
    return InsertBuffer("flows", chunk_rows=chunk_rows, limit_rows=limit_rows, run="r")


def test_a_chunk_is_due_when_enough_rows_have_gathered() -> None:
    gathering = buffer()
    gathering.add(rows(9))
    assert not gathering.full
    gathering.add(rows(1))
    assert gathering.full
    assert gathering.first() is not None


def test_a_chunk_keeps_its_token_while_others_gather() -> None:
    gathering = buffer()
    gathering.add(rows(10))
    first = gathering.first()
    gathering.add(rows(10))
    assert gathering.first() is first
    gathering.written()
    second = gathering.first()
    assert first is not None
    assert second is not None
    assert first.token != second.token


def test_the_oldest_rows_are_given_up_when_too_many_wait() -> None:
    gathering = buffer(chunk_rows=10, limit_rows=30)
    assert [gathering.add(rows(10)) for _ in range(5)] == [0, 0, 0, 10, 10]
    assert gathering.rows == 30
    first = gathering.first()
    assert first is not None
    assert first.token == "r/flows/3"


def test_empty_batches_and_empty_seals_leave_nothing() -> None:
    gathering = buffer()
    gathering.add(rows(0))
    gathering.seal()
    assert gathering.first() is None
    assert gathering.rows == 0
