from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sensorium.cli.gateway.evidence import evidence
from sensorium.errors import SensoriumError
from sensorium.gateway.privacy.evidence.keys import (
    EvidenceKeyError,
    public_key,
    public_path,
    signing_key,
)
from sensorium.gateway.privacy.evidence.log import (
    KEY_FILE,
    LOG_FILE,
    EvidenceLog,
    EvidenceLogError,
)
from sensorium.gateway.privacy.evidence.verification import Verified, verified
from sensorium.observe import Observe


def entry(number: int) -> dict[str, Any]:
    return {
        "request": f"r{number}",
        "policy": "restricted",
        "decision": "allowed",
        "basis": {"account": "123456789012", "reaches": ["eu-central-1"], "profile": "é"},
    }


def written(folder: Path, count: int, first: int = 1) -> list[int]:
    async def run() -> list[int]:
        log = EvidenceLog(folder, Observe())
        numbers = await asyncio.gather(*(log.record(entry(first + n)) for n in range(count)))
        await log.close()
        return list(numbers)

    return asyncio.run(run())


def read(folder: Path, request: str = "") -> Verified:
    return verified(folder / LOG_FILE, public_key(public_path(folder / KEY_FILE)), request)


def test_records_are_signed_and_chained_across_restarts(tmp_path: Path) -> None:
    assert written(tmp_path, 3) == [1, 2, 3]
    assert written(tmp_path, 2, first=4) == [4, 5]
    seen = read(tmp_path, "r4")
    assert (seen.records, seen.faults) == (5, [])
    assert [record.body["number"] for record in seen.found] == [4]
    assert seen.found[0].body["basis"]["profile"] == "é"


def test_the_key_and_the_log_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    written(tmp_path, 1)
    for name in (KEY_FILE, LOG_FILE):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(EvidenceKeyError, match="others"):
        signing_key(tmp_path / KEY_FILE)


def lines(folder: Path) -> list[bytes]:
    return (folder / LOG_FILE).read_bytes().splitlines(keepends=True)


def changed(line: bytes, name: str, value: Any) -> bytes:
    made = json.loads(line)
    made["body"][name] = value
    return json.dumps(made, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (
            lambda all: [all[0], changed(all[1], "decision", "denied"), *all[2:]],
            "line 2: it was ch",
        ),
        (lambda all: [all[0], *all[2:]], "line 2: it does not follow"),
        (lambda all: [all[1], all[0], *all[2:]], "line 1: it does not follow"),
        (lambda all: [all[0], all[0], *all[1:]], "line 2: it does not follow"),
        (lambda all: [all[0], b"{}\n", *all[1:]], "line 2: it is not a record"),
        (lambda all: [all[0], b"\xff\n", *all[1:]], "line 2: it is not a record"),
        (lambda all: all[1:], "line 1: it does not follow"),
    ],
)
def test_whatever_is_changed_is_seen(tmp_path: Path, tamper: Any, fault: str) -> None:
    written(tmp_path, 4)
    (tmp_path / LOG_FILE).write_bytes(b"".join(tamper(lines(tmp_path))))
    faults = read(tmp_path).faults
    assert faults
    assert faults[0].startswith(fault)


def test_a_chain_written_anew_with_another_key_is_not_taken(tmp_path: Path) -> None:
    written(tmp_path / "a", 2)
    written(tmp_path / "b", 2)
    key = public_key(public_path(tmp_path / "a" / KEY_FILE))
    seen = verified(tmp_path / "b" / LOG_FILE, key)
    assert "another key" in seen.faults[0]


def test_a_record_that_a_crash_left_unfinished_is_cut_off_and_the_chain_goes_on(
    tmp_path: Path,
) -> None:
    written(tmp_path, 2)
    with (tmp_path / LOG_FILE).open("ab") as file:
        file.write(b'{"body":{"req')
    assert written(tmp_path, 1, first=3) == [3]
    assert read(tmp_path).faults == []


def test_a_log_whose_last_record_was_changed_is_not_continued(tmp_path: Path) -> None:
    written(tmp_path, 2)
    all_lines = lines(tmp_path)
    (tmp_path / LOG_FILE).write_bytes(all_lines[0] + changed(all_lines[1], "request", "x"))
    with pytest.raises(EvidenceLogError, match="cannot be continued"):
        EvidenceLog(tmp_path, Observe())


def test_those_who_write_to_one_log_in_turn_make_one_chain(tmp_path: Path) -> None:
    async def run() -> list[int]:
        logs = [EvidenceLog(tmp_path, Observe()) for _ in range(3)]
        numbers = await asyncio.gather(*(logs[n % 3].record(entry(n)) for n in range(30)))
        numbers += [await logs[n % 3].record(entry(n)) for n in range(30, 36)]
        for log in logs:
            await log.close()
        return numbers

    assert sorted(asyncio.run(run())) == list(range(1, 37))
    seen = read(tmp_path)
    assert (seen.records, seen.faults) == (36, [])


def test_what_another_writer_left_unfinished_is_cut_off_and_its_forgery_not_continued(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        log = EvidenceLog(tmp_path, Observe())
        await log.record(entry(1))
        with (tmp_path / LOG_FILE).open("ab") as file:
            file.write(b'{"body":{"req')
        assert await log.record(entry(2)) == 2
        (good,) = lines(tmp_path)[1:]
        with (tmp_path / LOG_FILE).open("ab") as file:
            file.write(changed(good, "request", "x"))
        with pytest.raises(EvidenceLogError, match="cannot be continued"):
            await log.record(entry(3))
        await log.close()

    asyncio.run(run())
    assert read(tmp_path).records == 3


def test_an_entry_cannot_speak_for_the_chain(tmp_path: Path) -> None:
    async def run() -> None:
        log = EvidenceLog(tmp_path, Observe())
        with pytest.raises(ValueError, match="previous"):
            await log.record({"request": "r", "previous": "0"})
        assert await log.record(entry(1)) == 1
        await log.close()

    asyncio.run(run())
    assert read(tmp_path).records == 1


def shown(folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(
        evidence, ["--log", str(folder / LOG_FILE), *arguments], catch_exceptions=False
    )
    assert result.exit_code == 0
    return result.output


def test_the_command_prints_and_verifies(tmp_path: Path) -> None:
    written(tmp_path, 3)
    said = shown(tmp_path, "r2")
    assert "record 2" in said
    assert "account=123456789012" in said
    assert "3 records, each signed and following the one before" in said
    assert json.loads(shown(tmp_path, "r2", "--json").splitlines()[0])["request"] == "r2"
    with pytest.raises(SensoriumError, match="nothing is known"):
        shown(tmp_path, "r9")
    (tmp_path / LOG_FILE).write_bytes(b"".join(lines(tmp_path)[1:]))
    with pytest.raises(SensoriumError, match="not whole"):
        shown(tmp_path, "r2")
