"""A service whose release was pruned: the folder that it was started in is no longer there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import os, sys
from pathlib import Path
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.store.telemetry import batches
data = Path(sys.argv[1])
store = open_telemetry(TelemetryConfig(), Observe(), data_dir=data)
Path.cwd().rmdir()
store.insert(Signal.LOGS, batches.logs(3))
store.flush()
print(store.query("SELECT count() AS n FROM logs").column("n")[0].as_py())
print(Path.cwd().is_relative_to(data))
store.close()
"""


def test_rows_are_stored_and_found_when_the_working_folder_is_gone(tmp_path: Path) -> None:
    release = tmp_path / "release"
    release.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path / "data")],
        cwd=release,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["3", "True"], done.stderr
