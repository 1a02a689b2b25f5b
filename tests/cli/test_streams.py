"""Commands whose standard streams are closed, or lead to a disk that is full."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from sensorium.cli.streams import open_what_is_closed
open_what_is_closed()
fresh = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
print("to nowhere", file=sys.stdout, flush=True)
print("to nowhere", file=sys.stderr, flush=True)
sys.stdin.read()
os.write(fresh, b"%d" % fresh)
"""


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    # As people's shells are; without a buffer nothing is left of what could not be written.
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, cwd=folder, env=usual
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_number_of_a_stream_that_is_closed(tmp_path: Path, closed: str) -> None:
    done = shell(tmp_path, f"{shlex.join([sys.executable, '-c', PROGRAM, 'file'])} {closed}")
    assert done.returncode == 0, done.stderr
    assert int((tmp_path / "file").read_text()) > 2


def test_a_command_without_standard_output_ends_well(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("<34>1 2026-01-01T00:00:00Z h app - - - one\n")
    command = shlex.join([sys.executable, "-m", "sensorium", "decode", "a.log"])
    done = shell(tmp_path, f"{command} >&-")
    assert done.returncode == 0
    assert "1 log line" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a Linux device")
@pytest.mark.parametrize("words", ["decode a.log", "certificate new a.example", "config example"])
def test_a_full_disk_is_said_once_and_ends_with_status_1(tmp_path: Path, words: str) -> None:
    (tmp_path / "a.log").write_text("<34>1 2026-01-01T00:00:00Z h app - - - one\n")
    done = shell(tmp_path, f"{shlex.quote(sys.executable)} -m sensorium {words} >/dev/full")
    assert done.returncode == 1
    assert done.stderr == ("error: there is no room to write: [Errno 28] No space left on device\n")
