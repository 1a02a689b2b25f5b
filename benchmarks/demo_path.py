"""The whole path: a bundled recording from bytes to incidents, in a process of its own.

There is no peer that goes this way; the goals are those that the demo promises.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import Claim, arguments, report
from sensorium.app import bundled_recording

_REPEATS = 3


def _run(recording: Path, data: Path) -> tuple[float, dict[str, Any]]:
    command = [sys.executable, "-m", "sensorium", "demo", str(recording), "--data", str(data)]
    began = time.perf_counter()
    done = subprocess.run([*command, "--json"], check=True, capture_output=True, text=True)
    return time.perf_counter() - began, json.loads(done.stdout)


def main() -> None:
    """Replay the recording, once where ``--quick`` asks for it, and report medians."""
    repeats = 1 if arguments(__doc__).quick else _REPEATS
    recording = bundled_recording()
    with tempfile.TemporaryDirectory() as folder:
        runs = [_run(recording, Path(folder) / str(i)) for i in range(repeats)]
    wall_s = statistics.median(wall for wall, _ in runs)
    rate = statistics.median(result["intake"]["records_per_s"] for _, result in runs)
    peak = statistics.median(result["peak_rss_bytes"] for _, result in runs)
    intake = runs[0][1]["intake"]
    span_s = (intake["ended_ns"] - intake["started_ns"]) / 1e9
    report(
        f"the whole path over {recording.name}",
        [
            Claim("from start to incidents", wall_s, "s", goal="<= 60", lower_is_better=True),
            Claim(
                "memory at its highest", peak / 2**20, "MiB", goal="<= 2048", lower_is_better=True
            ),
            Claim("records, all that is done with them", rate, "records/s"),
            Claim("beside the time that was recorded", span_s / wall_s, "times real time"),
        ],
    )


if __name__ == "__main__":
    main()
