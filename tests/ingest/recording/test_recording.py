"""What a recording promises: bytes come back as they went in, and damage is told plainly."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium.ingest.recording import Manifest, Recording, RecordingError, RecordingWriter
from sensorium.model.address import pack_address

ROUTER = pack_address("10.0.0.1")
HOST = pack_address("10.0.0.9")


def record(folder: Path) -> Manifest:
    ticks = iter([1_000, 9_000])
    with RecordingWriter(folder, "brook", "a test", clock_ns=lambda: next(ticks)) as writer:
        writer.datagram(3_000, HOST, 514, 5514, b"<13>later")
        writer.datagram(2_000, ROUTER, 40000, 2055, b"\x00\x09v9\xff")
        writer.scrape(2_500, "node", "10.0.0.9:9100", status=200, duration_ns=17, body=b"up 1\n")
        writer.scrape(2_600, "node", "10.0.0.8:9100", status=0, duration_ns=99, body=b"")
        writer.calendar(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
        writer.deployments(b'{"id":"d1"}\n')
        writer.crontab("web1", b"0 1 * * * root true\n")
    return Recording.open(folder).manifest


def test_what_was_written_is_read_back_in_order_of_arrival(tmp_path: Path) -> None:
    record(tmp_path)
    recording = Recording.open(tmp_path)
    assert recording.datagrams().to_pylist() == [
        {
            "arrival_ns": 2_000,
            "src_addr": ROUTER,
            "src_port": 40000,
            "dst_port": 2055,
            "payload": b"\x00\x09v9\xff",
        },
        {
            "arrival_ns": 3_000,
            "src_addr": HOST,
            "src_port": 514,
            "dst_port": 5514,
            "payload": b"<13>later",
        },
    ]
    scrapes = recording.scrapes().to_pylist()
    assert [(s["instance"], s["status"], s["body"]) for s in scrapes] == [
        ("10.0.0.9:9100", 200, b"up 1\n"),
        ("10.0.0.8:9100", 0, b""),
    ]
    assert recording.calendar() == b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    assert recording.deployments() == b'{"id":"d1"}\n'
    assert recording.crontabs() == {"web1": b"0 1 * * * root true\n"}
    recording.verify()


def test_the_manifest_tells_what_the_recording_holds(tmp_path: Path) -> None:
    manifest = record(tmp_path)
    assert (manifest.name, manifest.started_ns, manifest.ended_ns) == ("brook", 1_000, 9_000)
    assert (manifest.datagrams, manifest.scrapes) == (2, 2)
    assert manifest.exporters == ("10.0.0.1",)
    assert manifest.targets == ("node 10.0.0.8:9100", "node 10.0.0.9:9100")
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_an_empty_recording_is_whole(tmp_path: Path) -> None:
    RecordingWriter(tmp_path, "nothing").close()
    recording = Recording.open(tmp_path)
    assert recording.datagrams().num_rows == recording.scrapes().num_rows == 0
    assert recording.calendar() is None
    assert recording.deployments() == b""
    assert recording.crontabs() == {}


def test_the_truth_is_not_part_of_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text("{}")
    assert "truth.json" not in record(tmp_path).files


def test_scrapes_that_repeat_cost_almost_nothing(tmp_path: Path) -> None:
    body = b"".join(hashlib.sha256(b"%d" % i).hexdigest().encode() + b" 1\n" for i in range(300))
    with RecordingWriter(tmp_path, "repeats") as writer:
        for turn in range(200):
            writer.scrape(
                turn,
                "node",
                f"10.0.0.{turn % 20}:9100",
                status=200,
                duration_ns=1,
                body=body + b"%d" % turn,
            )
    assert (tmp_path / "scrapes.parquet").stat().st_size < 3 * len(body)


def test_one_recording_is_never_written_over_another(tmp_path: Path) -> None:
    record(tmp_path)
    with pytest.raises(RecordingError, match="already holds a recording"):
        RecordingWriter(tmp_path, "again")


def test_a_recording_closes_once(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, "once")
    writer.close()
    with pytest.raises(RecordingError, match="closed"):
        writer.close()
    with pytest.raises(RecordingError, match="closed"):
        writer.calendar(b"")


def test_an_interrupted_recording_still_closes(tmp_path: Path) -> None:
    def interrupted() -> None:
        with RecordingWriter(tmp_path, "cut") as writer:
            writer.datagram(1, HOST, 1, 5514, b"x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert Recording.open(tmp_path).datagrams().num_rows == 1


@pytest.mark.parametrize("address", [b"", b"\x0a\x00\x00\x01"])
def test_an_address_that_is_not_16_bytes_is_refused(tmp_path: Path, address: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        RecordingWriter(tmp_path, "a").datagram(1, address, 1, 2055, b"")


@pytest.mark.parametrize("host", ["", "../up", "a/b", ".hidden"])
def test_a_crontab_cannot_leave_its_folder(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match="host name"):
        RecordingWriter(tmp_path, "a").crontab(host, b"")


def test_a_folder_without_a_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no folder"):
        Recording.open(tmp_path / "absent")
    with pytest.raises(RecordingError, match=r"has no manifest\.json"):
        Recording.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "no JSON object"),
        ('{"format_version": 2}', "format version 2"),
        ('{"format_version": 1, "name": "a"}', "started_ns"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_told(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(RecordingError, match=says):
        Recording.open(tmp_path)


def test_a_changed_file_is_told(tmp_path: Path) -> None:
    record(tmp_path)
    path = tmp_path / "datagrams.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(RecordingError, match="SHA-256 differs"):
        Recording.open(tmp_path).datagrams()
    with pytest.raises(RecordingError, match="SHA-256 differs"):
        Recording.open(tmp_path).verify()


def test_a_lost_file_is_told(tmp_path: Path) -> None:
    record(tmp_path)
    (tmp_path / "scrapes.parquet").unlink()
    with pytest.raises(RecordingError, match="cannot be read"):
        Recording.open(tmp_path).scrapes()


def repoint(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    values = json.loads(path.read_text())
    values.update(changes)
    values["files"] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in values["files"]
    }
    path.write_text(json.dumps(values))


def test_a_table_with_other_columns_is_told(tmp_path: Path) -> None:
    record(tmp_path)
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "scrapes.parquet")
    repoint(tmp_path)
    with pytest.raises(RecordingError, match="has columns"):
        Recording.open(tmp_path).scrapes()


def test_a_file_that_is_no_parquet_is_told(tmp_path: Path) -> None:
    record(tmp_path)
    (tmp_path / "scrapes.parquet").write_bytes(b"text")
    repoint(tmp_path)
    with pytest.raises(RecordingError, match="no Parquet file"):
        Recording.open(tmp_path).scrapes()


def test_a_count_that_differs_is_told(tmp_path: Path) -> None:
    record(tmp_path)
    repoint(tmp_path, datagrams=3)
    with pytest.raises(RecordingError, match="2 rows"):
        Recording.open(tmp_path).datagrams()


def test_a_manifest_cannot_point_outside_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    record(folder)
    (tmp_path / "secret").write_bytes(b"s")
    path = folder / "manifest.json"
    values = json.loads(path.read_text())
    values["files"]["changes/crontab/../../../secret"] = hashlib.sha256(b"s").hexdigest()
    path.write_text(json.dumps(values))
    with pytest.raises(RecordingError, match="outside"):
        Recording.open(folder).crontabs()
