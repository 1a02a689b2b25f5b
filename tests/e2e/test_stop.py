"""How the service's process ends when it is asked to."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.services import service

pytestmark = pytest.mark.xdist_group("service")

# Registered first, it runs last of what runs at the end.
PROGRAM = """
import atexit, gc, sys
from sensorium.cli import main
atexit.register(lambda: sys.stderr.write(f"left to look through: {len(gc.get_objects())}"))
main(prog_name="sensorium")
"""


def test_a_stop_ends_the_process_in_order_and_looks_through_nothing_on_the_way(
    tmp_path: Path,
) -> None:
    with service(tmp_path, program=("-c", PROGRAM)) as running:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
    *before, last = running.log.read_text().splitlines()
    assert '"stopped"' in before[-1]
    words, left = last.rsplit(" ", 1)
    assert words == "left to look through:"
    # Of a million; what is made after all is closed is little.
    assert int(left) < 10_000
