"""``sensorium decode``: records as JSON lines, and what could not be used on standard error."""

from __future__ import annotations

import gzip
import json
import os
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sensorium.cli import main
from tests.ingest.captured import frames as f
from tests.ingest.captured.test_bodies import LOGS
from tests.ingest.netflow import packets as p
from tests.ingest.pcap import captures as c

FIELDS: list[p.Spec] = [(1, 4)]
TEMPLATE = p.v9(p.a_set(0, p.template(256, FIELDS)))
DATA = p.v9(p.a_set(256, struct.pack(">I", 7)), sequence=1)
LOG = b"<34>1 2026-01-01T00:00:00Z host app - - - hello"


def run(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["decode", *arguments], input=given)


def written(folder: Path, **files: bytes) -> list[str]:
    paths = []
    for name, content in files.items():
        (folder / name).write_bytes(content)
        paths.append(str(folder / name))
    return paths


def lines(result: Result) -> list[dict]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_templates_of_one_file_serve_the_data_of_the_next(tmp_path: Path) -> None:
    result = run(*written(tmp_path, template=TEMPLATE, data=DATA))
    assert [row["bytes"] for row in lines(result)] == [7]
    assert "1 flow, 0 log lines, 0 samples from 2 datagrams in 2 files" in result.stderr


def test_a_capture_may_hold_flows_and_logs(tmp_path: Path) -> None:
    frames = [c.ethernet(c.ipv4(c.udp(payload))) for payload in (TEMPLATE, LOG, DATA, b"\x01\x02")]
    result = run(*written(tmp_path, mixed=c.pcap(*frames)))
    rows = lines(result)
    assert [row.get("bytes", row.get("body")) for row in rows] == [7, "hello"]
    assert rows[0]["sampler_address"] == "192.0.2.1"
    assert "not used: unknown unknown_protocol 1" in result.stderr


def test_exposition_text_gives_samples(tmp_path: Path) -> None:
    result = run(*written(tmp_path, metrics=b'# TYPE a counter\na{b="c"} 5\n'))
    assert {row["name"]: row["value"] for row in lines(result)}["a"] == 5


def test_elements_of_ones_own_have_the_names_that_a_file_gives(tmp_path: Path) -> None:
    fields: list[p.Spec] = [(1, 4), (3, 2, 64_999)]
    flow = p.ipfix(p.a_set(2, p.template(256, fields)), p.a_set(256, p.record(fields, 7, 9)))
    flows, names, wrong = written(
        tmp_path, flow=flow, names=b"64999.3,roomNumber,unsigned16\n", wrong=b"64999.3\n"
    )
    (row,) = lines(run("--elements", names, flows))
    assert row["roomNumber"] == 9
    refused = run("--elements", wrong, flows)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "line 1: not three values" in refused.stderr


def test_a_log_file_is_a_message_on_each_line_and_what_is_indented_under_it(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    path.write_text(
        "Jun 14 15:16:01 web1 sshd[7]: one\n\n"
        "Jun 14 15:16:02 web1 app: two\n  at x\n\tat y\r\n"
        "2026-06-14T15:16:03+00:00 web1 app: three\n"
        "2026-06-14 15:16:04 INFO four\n"
        "[notice] five\n"
    )
    os.utime(path, (1_782_000_000, 1_782_000_000))
    result = run(str(path))
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["body"] for row in rows] == [
        *("one", "two\n  at x\n\tat y", "three", "2026-06-14 15:16:04 INFO four", "[notice] five")
    ]
    assert [row["time_ns"] // 10**9 - 1_781_450_160 for row in rows[:4]] == [1, 2, 3, 4]
    assert result.stderr == "0 flows, 5 log lines, 0 samples from 5 messages of text in 1 file\n"


def test_standard_input_is_read_where_the_file_is_a_dash() -> None:
    assert [row["body"] for row in lines(run("-", given=LOG))] == ["hello"]
    capture = c.pcap(c.ethernet(c.ipv4(c.udp(LOG))))
    assert [row["body"] for row in lines(run("-", given=capture))] == ["hello"]


def test_a_named_pipe_is_read_once_as_a_shell_gives_it(tmp_path: Path) -> None:
    capture = c.pcap(c.ethernet(c.ipv4(c.udp(LOG))))
    for number, content in enumerate([LOG, capture, gzip.compress(LOG)]):
        pipe = tmp_path / f"pipe{number}"
        os.mkfifo(pipe)
        with ThreadPoolExecutor(1) as other:
            other.submit(pipe.write_bytes, content)
            assert [row["body"] for row in lines(run(str(pipe)))] == ["hello"]


def test_malformed_input_is_counted_and_is_no_failure(tmp_path: Path) -> None:
    result = run("--protocol", "netflow", *written(tmp_path, bad=b"\x00\x05", waiting=DATA))
    assert lines(result) == []
    assert "not used: netflow_unknown short_header 1" not in result.stdout
    assert "short_header 1" in result.stderr
    assert "1 data sets still wait for their template" in result.stderr


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    result = run(*written(tmp_path, rotated=b"", app=LOG))
    assert [row["body"] for row in lines(result)] == ["hello"]
    assert result.stderr.endswith(" in 2 files\nempty: 1 file\n")


@pytest.mark.parametrize("name", ["absent", "."])
def test_what_cannot_be_read_is_told_with_status_2(name: str, tmp_path: Path) -> None:
    result = run(str(tmp_path / name))
    assert result.exit_code == 2
    assert "manifest.json" in result.stderr


def test_connections_in_a_capture_and_what_is_not_read_of_them(tmp_path: Path) -> None:
    framed = b"%d %s" % (len(LOG), LOG)
    frames = [
        *f.conversation(framed * 2, port=514),
        *f.conversation(b"\x16\x03\x01" + bytes(60), port=6514, client=40_001),
    ]
    result = run(*written(tmp_path, connections=c.pcap(*frames)))
    assert [row["body"] for row in lines(result)] == ["hello", "hello"]
    assert "captured streams: syslog 1" in result.stderr
    assert "captured streams: tls 1" in result.stderr


def test_a_request_of_otlp_in_a_file(tmp_path: Path) -> None:
    (path,) = written(tmp_path, request=LOGS)
    assert [row["body"] for row in lines(run(path))] == ["hello"]
    result = run("--protocol", "otlp", path)
    assert [row["body"] for row in lines(result)] == ["hello"]
    assert "1 log line, 0 samples from 1 HTTP message in 1 file" in result.stderr
