"""The unit for systemd, and the page that says how to install it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sensorium.config import load
from tests.conftest import ROOT

UNIT = ROOT / "packaging" / "sensorium.service"
PAGE = ROOT / "docs" / "how-to" / "run-as-a-service.md"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_has_nothing_to_say_against_the_unit(tmp_path: Path) -> None:
    here = tmp_path / UNIT.name
    # It looks whether the program is there.
    program = Path(sys.executable).with_name("sensorium")
    here.write_text(UNIT.read_text().replace("/opt/sensorium/bin/sensorium", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(here)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, told) == (0, [])


def test_the_page_and_the_unit_speak_of_the_same_places() -> None:
    unit, page = UNIT.read_text(), PAGE.read_text()
    program, settings = re.findall(r"^ExecStart=(\S+) run -c (\S+)$", unit, re.MULTILINE)[0]
    for place in (program, settings, "/var/lib/sensorium", "/var/cache/sensorium"):
        assert place in page
    assert "StateDirectory=sensorium\n" in unit
    assert "NUMBA_CACHE_DIR=%C/sensorium" in unit


def test_the_pages_settings_are_good(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "sensorium.yaml").write_text(block)
    settings = load(tmp_path / "sensorium.yaml")
    assert settings.data_dir == Path("/var/lib/sensorium")
