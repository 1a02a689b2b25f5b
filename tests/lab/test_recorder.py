"""The collector, without a network of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lab import recorder
from sensorium.ingest.recording import Recording, RecordingWriter
from sensorium.model.address import pack_address


def test_a_target_that_does_not_answer_has_status_0() -> None:
    assert recorder.fetch("127.0.0.1:1") == (0, b"")


def test_a_datagram_is_kept_with_its_sender_and_port(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path, "one") as writer:
        receiver = recorder._Receiver(writer, 2055)
        receiver.datagram_received(b"\x00\x09", ("10.9.8.7", 40001))
        receiver.datagram_received(b"\x00\x0a", ("10.9.8.7", 40002))
    rows = Recording.open(tmp_path).datagrams().to_pylist()
    assert [(r["src_port"], r["dst_port"], r["payload"]) for r in rows] == [
        (40001, 2055, b"\x00\x09"),
        (40002, 2055, b"\x00\x0a"),
    ]
    assert {r["src_addr"] for r in rows} == {pack_address("10.9.8.7")}


def test_every_target_is_scraped_and_a_silent_one_is_recorded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"10.0.0.1:9100": (200, b"up 1\n"), "10.0.0.2:9100": (0, b"")}
    monkeypatch.setattr(recorder, "fetch", answers.__getitem__)
    monkeypatch.setattr(recorder, "INTERVAL_S", 0.05)
    monkeypatch.setattr(recorder, "PORTS", ())
    targets = [recorder.Target("node", name) for name in answers]

    async def a_moment() -> None:
        recording = asyncio.create_task(recorder.record(tmp_path, "two", "", targets))
        await asyncio.sleep(0.4)
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)

    asyncio.run(a_moment())
    rows = Recording.open(tmp_path).scrapes().to_pylist()
    assert {(r["instance"], r["status"], r["body"]) for r in rows} == {
        ("10.0.0.1:9100", 200, b"up 1\n"),
        ("10.0.0.2:9100", 0, b""),
    }
    assert len(rows) >= 4
