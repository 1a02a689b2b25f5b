"""Rows waiting to be written: gathered, sealed, bounded."""

from __future__ import annotations

import pyarrow as pa

from sensorium.store.telemetry.buffer import Chunk, InsertBuffer


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


def test_who_keeps_the_rows_too_is_told_once_when_the_last_of_all_parts_is_stored() -> None:
    gathering, told = buffer(), list[bool]()
    whole = Chunk("t", (rows(3), rows(5)), 8, stored=lambda: told.append(True))
    gathering.add_journalled(whole)
    first, second = gathering.refused(whole, for_content=True)
    third, fourth = gathering.refused(second, for_content=True)
    assert gathering.sealed == (first, third, fourth)
    assert [chunk.token for chunk in gathering.sealed] == ["t/0", "t/4/0", "t/4/2"]
    kept = [n for chunk in gathering.sealed for batch in chunk.batches for n in batch["n"]]
    assert [n.as_py() for n in kept] == [0, 1, 2, 0, 1, 2, 3, 4]
    for part in (fourth, first):
        gathering.written(part)
        assert not told
    gathering.forget(third)
    assert told == [True]


def test_after_a_chunk_that_failed_those_behind_it_have_their_turn_first() -> None:
    gathering = buffer()
    for _ in range(3):
        gathering.add(rows(10))
    one, two, three = gathering.sealed
    assert gathering.due == (one, two, three)
    gathering.failed(two)
    assert gathering.due == (three, one, two)
    gathering.written(two)
    assert gathering.due == (one, three)


def test_a_table_that_takes_nothing_is_asked_about_no_more_parts_until_it_takes_something() -> None:
    gathering = buffer(chunk_rows=10, limit_rows=1000)
    for _ in range(44):
        gathering.add(rows(10))
    waiting = list(gathering.sealed)
    divided = [len(gathering.refused(chunk, for_content=True)) for chunk in waiting[:41]]
    assert divided == [2] * 40 + [1]
    doubted = next(chunk for chunk in gathering.sealed if chunk.token == waiting[40].token)
    gathering.written(waiting[41])
    for chunk in (doubted, waiting[42]):
        assert len(gathering.refused(chunk, for_content=True)) == 2


def test_rows_are_settled_when_they_are_refused_alone_and_others_are_not() -> None:
    gathering = buffer()
    gathering.add(rows(10))
    gathering.add(rows(10))
    chunk = gathering.sealed[0]
    while len(parts := gathering.refused(chunk, for_content=True)) == 2:
        chunk = parts[0]
    (chunk,) = parts
    assert chunk.rows == 1
    assert not gathering.is_settled(chunk)
    gathering.written(gathering.sealed[-1])
    assert gathering.is_settled(chunk)
    assert not gathering.is_settled(gathering.sealed[-1]), "it has more than one row"
