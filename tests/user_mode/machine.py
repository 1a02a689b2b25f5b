"""Tests in a kernel that has what this one lacks: Linux in user mode, a process like any other.

Debian's ``user-mode-linux`` is a whole kernel with its modules. It boots in a second on this
machine's own file system, so that what runs in it are this checkout and this environment.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import ROOT

KERNEL: Final = shutil.which("linux.uml")
_LONGEST_S: Final = 420
_BOOT: Final = Path(__file__).with_name("boot.py")


@functools.cache
def outcomes(test_file: Path, modules: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Run the tests of a file where modules such as ``sctp`` are loaded: each one's ``outcome``
    and ``told``, by its name. Skips where no such kernel can run here.
    """
    if KERNEL is None:
        pytest.skip("user-mode-linux is not installed")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        order = {
            "root": str(ROOT),
            "path": os.pathsep.join(sys.path),
            "report": str(report),
            "tests": str(test_file),
            "modules": modules,
            "temporary": folder,
        }
        (Path(folder) / "order.json").write_text(json.dumps(order))
        command = [
            *(KERNEL, "rootfstype=hostfs", "rootflags=/", "rw", "mem=3G", "quiet"),
            *("con=null", "con0=null,fd:1", f"init={sys.executable}"),
            *("--", str(_BOOT), str(Path(folder) / "order.json")),
        ]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_LONGEST_S,
                check=False,
            )
            said = done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as late:
            said = (late.output or b"").decode(errors="replace")
        if not report.exists():
            if "booted" not in said:
                pytest.skip(f"a user-mode kernel does not boot here: {said[-300:]}")
            pytest.fail(f"the tests in the user-mode kernel did not end:\n{said[-3000:]}")
        found: dict[str, dict[str, str]] = json.loads(report.read_text())
        return found


def told_of(test_file: Path, name: str, modules: tuple[str, ...]) -> None:
    """Pass, skip or fail as the test of this name did there."""
    found = outcomes(test_file, modules).get(name)
    assert found is not None, f"{name} was not run in the user-mode kernel"
    if found["outcome"] == "skipped":
        pytest.skip(found["told"])
    assert found["outcome"] == "passed", found["told"]
