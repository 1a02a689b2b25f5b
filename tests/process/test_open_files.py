"""A process of its own, whose shell set a low limit: it opens what the hard limit allows."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import os, resource
from sensorium.process.open_files import allow_many
print(allow_many())
held = [os.open("/dev/null", os.O_RDONLY) for _ in range(700)]
print(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
"""


def limited(soft: int, hard: int) -> list[int]:
    """What a process with these limits has afterwards."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
    )
    return [int(line) for line in done.stdout.split()]


def test_a_low_limit_is_raised_to_what_is_allowed() -> None:
    assert limited(256, 900) == [900, 900]


def test_a_service_says_at_once_that_the_limit_is_too_low_for_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sensorium", "run", "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    )
    assert done.returncode == 1
    assert "this process may open 64 files and sockets; a service needs at least 256" in done.stderr
    assert "LimitNOFILE" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_limit_that_is_high_already_is_left() -> None:
    assert limited(900, 900) == [900, 900]
