"""What was accepted is on disk before the answer, comes back after a crash, and once."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.component import HealthState
from sensorium.errors import SensoriumError
from sensorium.ingest.acceptance import NoRoomError, request_id
from sensorium.ingest.journal import Journal, JournalConfig, Segment
from sensorium.ingest.journal.entry import decode, encode
from sensorium.ingest.journal.recovery import recover
from sensorium.ingest.journal.segment import HEAD
from sensorium.model.signals import LOGS, METRICS, Signal
from sensorium.observe import Observe

pytestmark = pytest.mark.anyio
SECOND = 1_000_000_000


@pytest.fixture
def anyio_backend() -> str:
    """The only event loop that Sensorium runs on."""
    return "asyncio"


def samples(*values: float) -> tuple[Signal, pa.RecordBatch]:
    rows = [
        {
            "time_ns": 1,
            "series_id": 2,
            "name": "m",
            "labels": [("a", "b")],
            "value": value,
            "kind": "gauge",
        }
        for value in values
    ]
    return Signal.METRICS, pa.RecordBatch.from_pylist(rows, schema=METRICS)


def lines(*bodies: str) -> tuple[Signal, pa.RecordBatch]:
    rows = [
        {field.name: None for field in LOGS} | {"time_ns": 1, "body": body, "attributes": []}
        for body in bodies
    ]
    return Signal.LOGS, pa.RecordBatch.from_pylist(rows, schema=LOGS)


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now_ns = 1_800_000_000 * SECOND

    def __call__(self) -> int:
        return self.now_ns


class Opened:
    """Journals over one folder, each closed as a killed process would leave it, or properly."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.observe = Observe()
        self.journals: list[Journal] = []

    def open(self, **config: Any) -> Journal:
        self.observe = Observe()
        settings = JournalConfig(**{"segment_ms": 0, **config})
        journal = Journal(settings, self.folder, self.observe, clock_ns=self.clock)
        journal.open()
        self.journals.append(journal)
        return journal

    def kill(self, journal: Journal) -> None:
        """Leave everything as it is on disk; only the folder's lock goes, as with the process."""
        os.close(journal._lock_descriptor)
        self.journals.remove(journal)

    def outcome(self, name: str) -> float:
        return self.observe.value("sensorium_journal_requests_total", {"outcome": name})

    def segments(self) -> list[Path]:
        return sorted(self.folder.glob("*.rows"))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    made = Opened(tmp_path / "journal")
    yield made
    for journal in made.journals:
        journal.close()


def values(segments: list[Segment]) -> list[float]:
    return [
        value
        for segment in segments
        for signal, batch in segment.rows
        if signal is Signal.METRICS
        for value in batch.column("value").to_pylist()
    ]


# --- accepting and storing --------------------------------------------------------------------


async def test_accepted_rows_are_on_disk_and_given_to_the_pipeline(opened: Opened) -> None:
    journal = opened.open()
    await journal([samples(1, 2), lines("x")])
    (path,) = opened.segments()
    found, torn = recover(path)
    assert found is not None
    assert (found.rows, torn) == (3, 0)
    (segment,) = journal.take()
    assert [(signal, batch.num_rows) for signal, batch in segment.rows] == [
        (Signal.METRICS, 2),
        (Signal.LOGS, 1),
    ]
    assert segment.accepted_ns == opened.clock.now_ns
    segment.stored()
    assert opened.segments() == []
    assert opened.observe.value("sensorium_journal_bytes") == 0


async def test_rows_come_back_bit_by_bit(opened: Opened) -> None:
    journal = opened.open()
    sent = samples(float("nan"), -0.0)
    await journal([sent])
    (segment,) = journal.take()
    ((_, batch),) = segment.rows
    assert batch.schema.equals(METRICS)
    bits = [b.column("value").to_numpy().view("i8").tolist() for b in (batch, sent[1])]
    assert bits[0] == bits[1]


async def test_requests_at_one_time_are_synced_together(opened: Opened) -> None:
    journal = opened.open(segment_ms=10_000)
    await asyncio.gather(*(journal([samples(i)]) for i in range(200)))
    commits = opened.observe.value("sensorium_journal_commit_seconds_count")
    assert 0 < commits < 200
    journal.finish()
    assert sorted(values(journal.take())) == list(range(200))


async def test_a_segment_is_due_when_it_is_old_or_full(opened: Opened) -> None:
    journal = opened.open(segment_ms=250, segment_rows=10)
    await journal([samples(1)])
    assert journal.take() == []
    opened.clock.now_ns += 250_000_000
    assert values(journal.take()) == [1]
    await journal([samples(*range(10))])
    assert len(values(journal.take())) == 10
    await journal([samples(2)])
    opened.clock.now_ns -= SECOND
    assert values(journal.take()) == [2]


@pytest.mark.parametrize("kept", [0, 1 << 20])
async def test_rows_are_the_same_from_memory_and_from_the_disk(opened: Opened, kept: int) -> None:
    journal = opened.open(segment_ms=10_000, max_kept_bytes=kept)
    for first in (0, 600, 1200):
        await journal([samples(*range(first, first + 600)), lines(f"line {first}")])
    journal.finish()
    (segment,) = journal.take()
    assert values([segment]) == list(range(1800))
    assert [signal for signal, _ in segment.rows] == [Signal.METRICS, Signal.LOGS]
    bodies = segment.rows[1][1].column("body").to_pylist()
    assert bodies == ["line 0", "line 600", "line 1200"]


async def test_segments_are_kept_in_memory_while_there_is_room(opened: Opened) -> None:
    size = samples(1)[1].nbytes
    journal = opened.open(segment_rows=2, segment_ms=10_000, max_kept_bytes=3 * size)
    for value in range(8):
        await journal([samples(value)])
        if value == 3:
            # The second segment had room for its first row alone, so its room is free again.
            for path in opened.segments():
                path.write_bytes(b"")
            assert values(journal.take()) == [0, 1]
    assert values(journal.take()) == [4, 5, 6, 7]
    labels = {"protocol": "journal", "reason": "damaged"}
    assert opened.observe.value("sensorium_ingest_dropped_total", labels) == 2


async def test_no_rows_are_no_work(opened: Opened) -> None:
    journal = opened.open()
    await journal([samples()])
    assert opened.segments() == []


# --- a crash ----------------------------------------------------------------------------------


async def test_what_was_accepted_before_a_crash_comes_back_under_the_same_token(
    opened: Opened,
) -> None:
    first = opened.open()
    await first([samples(1, 2)])
    (before,) = first.take()
    await first([samples(3)])
    opened.kill(first)
    again = opened.open().take()
    assert values(again) == [1, 2, 3]
    assert (again[0].token, again[0].opened_ns) == (before.token, before.opened_ns)
    assert again[1].token != before.token
    for segment in again:
        segment.stored()
    opened.kill(opened.journals[0])
    assert opened.open().take() == []


async def test_a_torn_end_is_cut_wherever_it_was_torn(opened: Opened) -> None:
    first = opened.open(segment_ms=10_000)
    await first([samples(1)])
    (path,) = opened.segments()
    whole = path.stat().st_size
    await first([samples(2)])
    opened.kill(first)
    data = path.read_bytes()
    for size in range(whole, len(data)):
        path.write_bytes(data[:size])
        found, torn = recover(path)
        assert found is not None
        assert (found.rows, found.size, torn) == (1, whole, size - whole)
        assert path.stat().st_size == whole
    for size in range(HEAD.size):
        path.write_bytes(data[:size])
        assert recover(path)[0] is None
    assert opened.open().take() == []
    assert opened.segments() == []


@pytest.mark.parametrize("place", [0, 30])
async def test_what_is_whole_around_damage_is_stored_after_a_restart(
    place: int, opened: Opened
) -> None:
    first = opened.open(segment_ms=10_000)
    ends = []
    for value in (1, 2, 3):
        await first([samples(value)])
        ends.append(opened.segments()[0].stat().st_size)
    (path,) = opened.segments()
    opened.kill(first)
    data = bytearray(path.read_bytes())
    data[ends[0] + place] ^= 0xFF  # of the second entry, its magic or its content
    path.write_bytes(data + b"torn")
    (segment,) = opened.open().take()
    assert values([segment]) == [1, 3]
    labels = {"protocol": "journal", "reason": "damaged"}
    assert opened.observe.value("sensorium_ingest_dropped_total", labels) == 1
    assert Path(f"{path}.damaged").read_bytes() == data + b"torn"
    segment.stored()
    assert opened.segments() == []


async def test_a_segment_whose_head_is_damaged_is_kept_for_people(opened: Opened) -> None:
    first = opened.open(segment_ms=10_000)
    await first([samples(1)])
    (path,) = opened.segments()
    opened.kill(first)
    data = bytearray(path.read_bytes())
    data[0] ^= 0xFF
    path.write_bytes(data)
    assert opened.open().take() == []
    assert Path(f"{path}.damaged").read_bytes() == data
    labels = {"protocol": "journal", "reason": "damaged"}
    assert opened.observe.value("sensorium_ingest_dropped_total", labels) == 1


async def test_damage_is_found_before_it_is_stored(opened: Opened) -> None:
    journal = opened.open(max_kept_bytes=0)
    await journal([samples(1)])
    (path,) = opened.segments()
    data = bytearray(path.read_bytes())
    data[-10] ^= 0xFF
    path.write_bytes(data)
    assert journal.take() == []
    labels = {"protocol": "journal", "reason": "damaged"}
    assert opened.observe.value("sensorium_ingest_dropped_total", labels) == 1
    assert [p.suffix for p in opened.folder.glob("*.damaged")] == [".damaged"]
    assert opened.observe.value("sensorium_journal_unstored_rows") == 0


async def test_a_folder_belongs_to_one_process(opened: Opened) -> None:
    opened.open()
    with pytest.raises(SensoriumError, match="cannot be opened"):
        Journal(JournalConfig(), opened.folder, Observe()).open()


# --- requests sent again ----------------------------------------------------------------------


async def test_a_request_sent_again_is_taken_once(opened: Opened) -> None:
    journal = opened.open()
    identity = request_id(b"body", bytes(16))
    await asyncio.gather(*(journal([samples(1)], identity) for _ in range(3)))
    await journal([samples(1)], identity)
    await journal([samples(1)], request_id(b"body", b"another sender.."))
    assert values(journal.take()) == [1, 1]
    assert (opened.outcome("accepted"), opened.outcome("repeated")) == (2, 3)


@pytest.mark.parametrize("stored", [False, True])
async def test_also_after_a_crash(opened: Opened, stored: bool) -> None:
    identity = request_id(b"body")
    first = opened.open()
    await first([samples(1)], identity)
    if stored:
        first.take()[0].stored()
    opened.kill(first)
    again = opened.open()
    await again([samples(1)], identity)
    assert values(again.take()) == ([] if stored else [1])


async def test_a_request_is_remembered_for_its_time_only(opened: Opened) -> None:
    journal = opened.open(remember_s=10)
    for number in range(4):
        await journal([samples(number)], request_id(bytes([number])))
        journal.take()[0].stored()
        opened.clock.now_ns += 11 * SECOND
    await journal([samples(9)], request_id(bytes([0])))
    assert values(journal.take()) == [9]


# --- bounds -----------------------------------------------------------------------------------


async def test_a_full_journal_takes_nothing_more_until_the_store_has_some(opened: Opened) -> None:
    journal = opened.open(max_bytes=1 << 20, segment_rows=1000)
    noise = samples(*(float(i * i) for i in range(20_000)))
    answers = [
        (await asyncio.gather(journal([noise]), return_exceptions=True))[0] for _ in range(100)
    ]
    refused = [answer for answer in answers if isinstance(answer, NoRoomError)]
    assert 0 < len(refused) < 100
    assert refused[0].retry_after_s > 0
    size = opened.observe.value("sensorium_journal_bytes")
    assert size <= (1 << 20) + noise[1].nbytes
    assert journal.health().state is HealthState.DEGRADED
    assert journal.health().detail.startswith("full: ")
    for segment in journal.take():
        segment.stored()
    assert journal.health().state is HealthState.OK
    await journal([noise])


async def test_a_failure_long_ago_is_no_word_on_how_the_journal_is(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened.open()

    def full(descriptor: int, data: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(NoRoomError):
        await journal([samples(1)])
    monkeypatch.undo()
    opened.clock.now_ns += 59 * SECOND
    assert journal.health().state is HealthState.DEGRADED
    opened.clock.now_ns += 2 * SECOND
    assert journal.health().state is HealthState.OK


async def test_rows_not_yet_stored_are_bounded_and_stay_on_disk(opened: Opened) -> None:
    journal = opened.open(max_unstored_rows=10, segment_rows=10)
    for _ in range(5):
        await journal([samples(*range(10))])
    held = journal.take()
    assert [len(values([segment])) for segment in held] == [10]
    assert journal.take() == []
    held[0].stored()
    assert len(journal.take()) == 1


async def test_a_segment_that_failed_is_kept_for_the_next_start(opened: Opened) -> None:
    journal = opened.open()
    await journal([samples(1)])
    (segment,) = journal.take()
    segment.failed()
    assert opened.observe.value("sensorium_journal_unstored_rows") == 0
    opened.kill(journal)
    assert values(opened.open().take()) == [1]


async def test_a_disk_that_takes_no_more_is_said_and_survived(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened.open(segment_ms=10_000)
    await journal([samples(1)])
    write = os.write
    broken = threading.Event()

    def half(descriptor: int, data: Any) -> int:
        if broken.is_set():
            raise OSError(28, "No space left on device")
        broken.set()
        return write(descriptor, data[:7])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(NoRoomError, match="No space"):
        await journal([samples(2)])
    assert journal.health().state is HealthState.DEGRADED
    assert "No space" in journal.health().detail
    monkeypatch.setattr(os, "write", write)
    await journal([samples(3)])
    assert journal.health().state is HealthState.OK
    opened.kill(journal)
    assert values(opened.open().take()) == [1, 3]


async def test_a_closed_journal_takes_nothing(opened: Opened) -> None:
    journal = opened.open()
    journal.close()
    with pytest.raises(NoRoomError):
        await journal([samples(1)])


# --- the format -------------------------------------------------------------------------------

ENTRY = encode([samples(1, 2), lines("a", "b")], [b"i" * 16], 5)


def test_an_entry_says_what_was_put_into_it() -> None:
    entry = decode(memoryview(b"xx" + ENTRY + b"yy"), 2)
    assert entry is not None
    assert (entry.accepted_ns, entry.request_ids, entry.end) == (5, (b"i" * 16,), 2 + len(ENTRY))
    assert [batch.num_rows for _, batch in entry.rows] == [2, 2]


@given(st.lists(st.integers(1, 1200), min_size=1, max_size=4))
def test_rows_of_an_entry_keep_their_order(sizes: list[int]) -> None:
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    rows = [samples(*range(at, at + n)) for at, n in zip(starts, sizes, strict=True)]
    entry = decode(memoryview(encode(rows, [], 5)), 0)
    assert entry is not None
    found = [value for _, batch in entry.rows for value in batch.column("value").to_pylist()]
    assert found == list(range(sum(sizes)))


@given(data=st.data())
def test_no_damage_to_an_entry_goes_unseen(data: st.DataObject) -> None:
    damaged = bytearray(ENTRY)
    place = data.draw(st.integers(0, len(ENTRY) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    assert decode(memoryview(bytes(damaged)), 0) is None


@given(st.binary(max_size=100))
def test_no_bytes_are_taken_for_an_entry(body: bytes) -> None:
    assert decode(memoryview(body), 0) is None
