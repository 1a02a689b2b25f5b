"""Flow export: the command of each port's exporter, and what is preloaded into it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab.services import flows

GCC = shutil.which("gcc")


def test_each_port_has_its_index_and_takes_what_comes_in() -> None:
    words = flows.command("ge1", 3, "10.0.0.9", netflow=True)
    assert words[0] == "softflowd"
    assert words[words.index("-i") + 1] == "3:ge1"
    assert words[words.index("-v") + 1 :][:3] == ["9", "-n", "10.0.0.9:2055"]
    assert words[-1] == "inbound"


def test_two_ports_of_a_router_share_no_file() -> None:
    first, second = (flows.command(f"ge{n}", n, "10.0.0.9", netflow=True) for n in (0, 1))
    assert first[first.index("-p") + 1] != second[second.index("-p") + 1]
    assert first[first.index("-c") + 1] == second[second.index("-c") + 1] == "none"


def test_ipfix_tells_the_time_of_day() -> None:
    words = flows.command("ge0", 2, "10.0.0.9", netflow=False)
    assert words[words.index("-v") + 1 :][:5] == ["10", "-A", "milli", "-n", "10.0.0.9:4739"]


@pytest.mark.skipif(GCC is None or sys.platform != "linux", reason="it is for Linux, and needs gcc")
@pytest.mark.parametrize(("asked", "given"), [(0, 100), (-1, 100), (250, 250)])
def test_a_capture_without_a_timeout_gets_one(asked: int, given: int, tmp_path: Path) -> None:
    assert GCC is not None
    source, capture = tmp_path / "capture.c", tmp_path / "capture.so"
    source.write_text(
        "int pcap_set_timeout(void *capture, int milliseconds) { (void)capture; "
        "return milliseconds; }\n"
    )
    subprocess.run([GCC, "-shared", "-fPIC", "-o", capture, source], check=True)
    call = f"import ctypes; print(ctypes.CDLL(None).pcap_set_timeout(None, {asked}))"
    done = subprocess.run(
        [sys.executable, "-c", call],
        env={**os.environ, "LD_PRELOAD": f"{flows.build(tmp_path)}:{capture}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(given)
