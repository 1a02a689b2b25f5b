"""A command that is broken off leaves nothing behind, and its parent learns by which signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sensorium.app import bundled_recording

# Whoever runs the tests may ignore signals, as a shell does for what runs in the background.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.{hangup})
from sensorium.cli import main
main(prog_name="sensorium")
"""


def started(
    folder: Path, *arguments: str, hangup: str = "SIG_DFL", out: Path | None = None
) -> subprocess.Popen[bytes]:
    """A command with a folder of its own, below ``folder``, for what is temporary."""
    (folder / "tmp").mkdir(exist_ok=True)
    with (out or folder / "out").open("wb") as stream:
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(hangup=hangup), *arguments],
            stdout=stream,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONUNBUFFERED": ""},
        )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Its exit status, negative for a signal's, and what it wrote on standard error."""
    _, told = process.communicate(timeout=60)
    return process.returncode, told.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_its_temporary_store_goes_away_with_it(tmp_path: Path, number: signal.Signals) -> None:
    process = started(tmp_path, "evaluate", str(bundled_recording()))
    deadline = time.monotonic() + 60
    while not list((tmp_path / "tmp").glob("*/data/records.sqlite")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    status, told = ended(process)
    assert status == -number
    assert "Traceback" not in told
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_it_wrote_to_a_file_ends_with_a_whole_line(tmp_path: Path) -> None:
    log, endless = tmp_path / "a.log", tmp_path / "endless"
    log.write_text("<34>1 2026-01-01T00:00:00Z h app - - - one\n" * 3)
    os.mkfifo(endless)
    process = started(tmp_path, "decode", str(log), str(endless), out=tmp_path / "rows")
    with endless.open("wb"):  # opens when the command has come to it
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == -signal.SIGTERM
    rows = [json.loads(line) for line in (tmp_path / "rows").read_text().splitlines()]
    assert [row["body"] for row in rows] == ["one"] * 3


def test_a_hangup_that_nohup_ignores_ends_nothing(tmp_path: Path) -> None:
    endless = tmp_path / "endless"
    os.mkfifo(endless)
    process = started(tmp_path, "decode", str(endless), hangup="SIG_IGN")
    with endless.open("wb") as writer:
        process.send_signal(signal.SIGHUP)
        writer.write(b"<34>1 2026-01-01T00:00:00Z h app - - - one\n")
    assert ended(process)[0] == 0
    assert json.loads((tmp_path / "out").read_text())["body"] == "one"


def test_ctrl_c_while_the_command_loads_ends_it_without_a_traceback(tmp_path: Path) -> None:
    program = """
import runpy, signal, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupts())
runpy.run_module("sensorium", run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_signal_that_compiled_code_swallows_ends_the_command_all_the_same(tmp_path: Path) -> None:
    program = """
import ctypes, signal, time
from sensorium.cli.ending import Ended, breaking_off, end_by

def called_back():
    signal.raise_signal(signal.{name})

signal.signal(signal.SIGINT, signal.default_int_handler)
with breaking_off():
    try:
        ctypes.CFUNCTYPE(None)(called_back)()
        time.sleep(20)
    except KeyboardInterrupt as told:
        end_by(Ended(told).number)
"""
    for number in (signal.SIGINT, signal.SIGTERM):
        done = subprocess.run(
            [sys.executable, "-c", program.format(name=number.name)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert (done.returncode, done.stderr) == (-number, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_arrow_looks_for_pandas_ends_the_command(
    tmp_path: Path, number: signal.Signals
) -> None:
    program = f"""
import signal, sys, time
import pyarrow
from sensorium.cli.ending import Ended, breaking_off, end_by

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            sys.meta_path.remove(self)
            signal.raise_signal(signal.{number.name})

sys.meta_path.insert(0, Interrupts())
with breaking_off():
    try:
        pyarrow.array(["a"]).to_numpy(zero_copy_only=False)
        print(Interrupts in map(type, sys.meta_path), flush=True)
        time.sleep(20)
    except KeyboardInterrupt as told:
        end_by(Ended(told).number)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (-number, "")
    # Told again, it may end before it gets that far.
    assert done.stdout in ("False\n", "")


def test_a_signal_while_torch_loads_ends_the_command_without_an_abort(tmp_path: Path) -> None:
    pytest.importorskip("torch_geometric")
    program = """
import signal, sys
from sensorium.cli.ending import Ended, breaking_off, end_by
from sensorium.links.optional import load_torch

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "torch.distributed.constants":
            raised.append(name)
            signal.raise_signal(signal.SIGTERM)

raised = []
sys.meta_path.insert(0, Interrupts())
with breaking_off():
    try:
        load_torch()
    except KeyboardInterrupt as told:
        print("torch.nn" in sys.modules, raised, flush=True)
        end_by(Ended(told).number)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == -signal.SIGTERM
    assert done.stdout == "True ['torch.distributed.constants']\n"
