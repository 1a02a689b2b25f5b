from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sensorium.ingest.recording import Recording, RecordingWriter
from sensorium.pipeline.arrivals import Announcement, AnnouncementKind, recorded_arrivals

SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    clock = iter([START, START + 31 * SECOND])
    writer = RecordingWriter(
        tmp_path / "r", name="r", description="made by a test", clock_ns=lambda: next(clock)
    )
    rng = np.random.default_rng(4)
    for i, arrival in enumerate(sorted(rng.integers(0, 30 * SECOND, 200).tolist())):
        writer.datagram(START + arrival, bytes(15) + bytes([i % 3]), 40_000, 2055, bytes([i]) * i)
    for second in (3, 11, 12):
        writer.scrape(
            START + second * SECOND,
            "node",
            "10.0.0.1:9100",
            status=200,
            duration_ns=SECOND,
            body=b"up 1\n",
        )
    writer.close()
    return Recording.open(tmp_path / "r")


def test_every_datagram_and_scrape_comes_once_in_its_step(recording: Recording) -> None:
    table = recording.datagrams()
    payloads, scrapes, last = [], 0, 0
    for arrivals in recorded_arrivals(recording, step_ns=2 * SECOND):
        slab = arrivals.datagrams
        assert all(last < t <= arrivals.through_ns for t in slab.arrival_ns.tolist())
        payloads += [slab.payload(i) for i in range(len(slab))]
        scrapes += len(arrivals.scrapes)
        last = arrivals.through_ns
    assert payloads == table.column("payload").to_pylist()
    assert scrapes == 3
    assert last >= recording.manifest.ended_ns


def test_how_long_a_step_is_changes_nothing_but_the_division(recording: Recording) -> None:
    def all_of(step_ns: int) -> list[tuple[int, bytes, bytes]]:
        return [
            (
                int(a.datagrams.arrival_ns[i]),
                a.datagrams.src_addr[i].tobytes(),
                a.datagrams.payload(i),
            )
            for a in recorded_arrivals(recording, step_ns=step_ns)
            for i in range(len(a.datagrams))
        ]

    assert all_of(SECOND) == all_of(60 * SECOND)


@pytest.mark.parametrize("host", ["", "../../etc/passwd", "a/b", ".hidden", "x" * 300])
def test_a_cron_table_of_what_is_no_host_name_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="no host name"):
        Announcement(AnnouncementKind.CRONTAB, b"", host)


def test_a_recording_in_which_nothing_arrived_still_has_its_time(tmp_path: Path) -> None:
    clock = iter([START, START + 7 * SECOND])
    writer = RecordingWriter(tmp_path / "r", name="r", clock_ns=lambda: next(clock))
    writer.close()
    steps = list(recorded_arrivals(Recording.open(tmp_path / "r"), step_ns=2 * SECOND))
    assert [len(step.datagrams) for step in steps] == [0, 0, 0, 0]
    assert steps[-1].through_ns >= START + 7 * SECOND
