"""``sensorium decode`` shows every record of real exporters, and every field that others state."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sensorium.ingest.decoding import FileDecoder
from sensorium.ingest.netflow.registry import CERT_PEN, information
from sensorium.ingest.render import to_json_lines
from tests.ingest.netflow.spellings import LOGSTASH, TELEGRAF
from tests.ingest.netflow.test_real_exporters import EXCEPT, PROTOCOLS, cases, parse_influx
from tests.ingest.netflow.test_real_exporters import TELEGRAF as CASES

Row = dict[str, Any]

MILLISECOND = 1_000_000
CODEC_ONLY = {"version", "flowset_id"}
"""Fields that say how the codec found the record, not what is in it."""

FLAGS = {"C": 128, "E": 64, "U": 32, "A": 16, "P": 8, "R": 4, "S": 2, "F": 1}
END_REASONS = {"idle timeout": 1, "active timeout": 2, "end of flow": 3, "forced end": 4}


def decoded(paths: list[Path]) -> list[Row]:
    decoder = FileDecoder(None)
    return [
        json.loads(line)
        for path in paths
        for batch in decoder.file(path)
        for line in to_json_lines(batch)
    ]


def instant(value: Any) -> Any:
    if isinstance(value, str) and value.endswith("Z"):
        return round(datetime.fromisoformat(value).timestamp() * 1000)
    return value


def logstash_agrees(name: str, ours: Any, stated: Any) -> bool:
    """The codec adds a second to some uptimes, and its ``.999`` is any; it splits some integers."""
    if name in ("first_switched", "last_switched"):
        return instant(stated) - ours // MILLISECOND in range(2000)
    if name == "forwarding_status":
        return (ours >> 6, ours & 63) == (stated["status"], stated["reason"])
    if name == "mpls_label_stack_octets":
        return ours == stated["ttl"]
    return ours in (stated, instant(stated))


def telegraf_agrees(name: str, ours: Any, stated: Any) -> bool:
    """Telegraf names numbers; ours are the numbers themselves."""
    words = {**PROTOCOLS, **END_REASONS, "ingress": 0, "IPv4": 4, "IPv6": 6, "unknown": 0}
    if name == "tcp_flags":
        return ours == sum(FLAGS[letter] for letter in stated if letter != ".")
    if name == "app_id":
        engine, selector = ours.split("..")
        return int(engine) << 24 | int(selector) == int(stated, 16)
    if isinstance(stated, str) and stated.startswith("0x") and isinstance(ours, int):
        return ours == int(stated, 16)
    if isinstance(stated, str) and stated.startswith("0x"):
        return "0x" + ours == stated
    return ours == stated or words.get(stated) == ours or str(ours) == stated


def missing(
    row: Row, event: Row, names: dict[str, tuple[str, ...]], agrees: Callable[[str, Any, Any], bool]
) -> list[str]:
    """What is stated of an event and not found in a row, under any of its names."""
    return [
        f"{name}: stated {stated!r}, decoded {[row.get(n) for n in names.get(name, (name,))]}"
        for name, stated in event.items()
        if name not in CODEC_ONLY
        and not any(
            ours in row and agrees(name, row[ours], stated) for ours in names.get(name, (name,))
        )
    ]


@pytest.mark.parametrize("name", cases())
def test_what_logstash_states_is_shown(name: str, real_data: Path) -> None:
    folder = real_data / "netflow" / "logstash"
    case = next(c for c in json.loads((folder / "cases.json").read_text()) if c["name"] == name)
    rows = decoded([folder / packet for packet in case["packets"]])
    if case["expected_events"] is not None:
        assert len(rows) == case["expected_events"]
    for event in case["events"]:
        stated = {field: value for field, value in event.items() if (name, field) not in EXCEPT}
        closest = min((missing(row, stated, LOGSTASH, logstash_agrees) for row in rows), key=len)
        assert closest == []


def spelled(field: str) -> tuple[str, ...]:
    """Our name of what Telegraf has none for: ``type_6871_rev_40``, ``type_29305_86``."""
    parts = field.removeprefix("type_").split("_")
    enterprise, number = int(parts[0]), int(parts[-1]) & 0x7FFF
    number |= 0x4000 if enterprise == CERT_PEN and "rev" in parts else 0
    return (information(enterprise, number).name,)


@pytest.mark.parametrize("name", CASES)
def test_what_telegraf_states_is_shown(name: str, real_data: Path) -> None:
    folder = real_data / "netflow" / "telegraf" / name
    text = (folder / "expected.out").read_text().replace("netflow_options,", "netflow,")
    events = parse_influx(text)
    rows = decoded(sorted(folder.glob("*.bin")))
    assert len(rows) == len(events)
    for event in events:
        names = {f: spelled(f) for f in event if f.startswith("type_")} | TELEGRAF
        closest = min((missing(row, event, names, telegraf_agrees) for row in rows), key=len)
        assert closest == []
