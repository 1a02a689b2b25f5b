"""Values that another project states for its own syslog test messages (UDP ones)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
from sensorium.model.address import pack_address
from sensorium.observe import Observe

# The year that their RFC 3164 cases were read in.
ARRIVAL = int(datetime(2026, 12, 3, tzinfo=UTC).timestamp()) * 10**9
PAIR = re.compile(r'([A-Za-z_]+)=("(?:\\.|[^"\\])*"|(?:\\.|[^,\\ ])*)', re.DOTALL)
SIMPLE = {"appname": "app", "hostname": "host", "procid": "proc_id", "message": "body"}
CODES = {"source", "facility_code", "severity_code"}


def udp_cases(folder: Path) -> list[Path]:
    return sorted(
        case for case in folder.iterdir()
        if case.is_dir() and '"udp://' in (case / "telegraf.conf").read_text()
    )  # fmt: skip


def stated(line: str) -> dict[str, str]:
    """Tags and fields of one line of Influx line protocol."""
    return {
        key: re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        for key, value in PAIR.findall(line.partition(",")[2])
    }


def check(row: dict[str, Any], expected: dict[str, str]) -> None:
    attributes = dict(row["attributes"])
    for key, value in expected.items():
        if key in CODES:
            continue
        if key in SIMPLE:
            assert row[SIMPLE[key]] == value, key
        elif key == "severity":
            assert row["severity_text"] == value
        elif key == "timestamp":
            assert row["time_ns"] == int(value.rstrip("i"))
        elif key == "version":
            assert attributes["version"] == value.rstrip("u")
        elif value == "true":
            assert attributes[key] == ""
        else:
            assert attributes[key.replace("_", ".")] == value


def test_every_value_stated_for_a_udp_case_is_decoded(real_data: Path) -> None:
    folder = real_data / "syslog" / "telegraf"
    if not folder.is_dir():
        pytest.skip(f"no syslog cases at {folder}")
    cases = udp_cases(folder)
    assert len(cases) > 15
    for case in cases:
        payload = (case / "input.txt").read_bytes()
        decoder = SyslogDecoder(SyslogConfig(), Observe())
        rows = decoder.decode(
            Datagrams.of([payload], arrival_ns=[ARRIVAL], src_addr=[pack_address("127.0.0.1")])
        ).to_pylist()
        # A case without values is one that they refuse; here it is a row all the same.
        assert len(rows) == 1, case.name
        values = case / "expected.out"
        for line in values.read_text().splitlines() if values.exists() else ():
            check(rows[0], stated(line))
