"""A process of its own, whose shell set a low limit: it opens what the hard limit allows."""

from __future__ import annotations

import resource
import subprocess
import sys

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


def test_a_limit_that_is_high_already_is_left() -> None:
    assert limited(900, 900) == [900, 900]
