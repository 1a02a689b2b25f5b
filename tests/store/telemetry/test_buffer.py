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
    assert gathering.sealed == ()
    gathering.add(rows(1))
    assert [chunk.rows for chunk in gathering.sealed] == [10]


def test_a_chunk_keeps_its_token_while_others_gather() -> None:
    gathering = buffer()
    gathering.add(rows(10))
    first = gathering.sealed[0]
    gathering.add(rows(10))
    assert gathering.sealed[0] is first
    assert [chunk.token for chunk in gathering.sealed] == ["r/flows/1", "r/flows/2"]


def test_a_chunk_in_the_middle_can_be_written_first() -> None:
    gathering = buffer()
    for _ in range(3):
        gathering.add(rows(10))
    gathering.written(gathering.sealed[1])
    assert [chunk.token for chunk in gathering.sealed] == ["r/flows/1", "r/flows/3"]
    assert gathering.rows == 20


def test_the_oldest_rows_are_given_up_when_too_many_wait() -> None:
    gathering = buffer(chunk_rows=10, limit_rows=30)
    assert [gathering.add(rows(10)) for _ in range(5)] == [0, 0, 0, 10, 10]
    assert gathering.rows == 30
    assert gathering.sealed[0].token == "r/flows/3"


def test_empty_batches_and_empty_seals_leave_nothing() -> None:
    gathering = buffer()
    gathering.add(rows(0))
    gathering.seal()
    assert gathering.sealed == ()
    assert gathering.rows == 0
