"""Several metrics of a machine together: VUS-PR on the Server Machine Dataset, beside its peers.

Four machines of 38 metrics, one configuration for all, the machine's ``train`` rows as history and
its ``test`` rows scored online. The peers (PCA, Isolation Forest, PyOD) are fitted on the same rows
and score all test rows at once. All are judged by TSB-AD's implementation of VUS-PR (Paparrizos et
al. 2022) in one run. Our constants were chosen on these four machines; no other was looked at.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.report import Claim, arguments, report, wide_console
from benchmarks.smd.judge import OURS, PEERS, ROOT, judge
from sensorium.detect.series.together import TogetherDetector

MACHINES: Final = ("machine-1-6", "machine-2-1", "machine-2-7", "machine-3-3")
QUICK: Final = ("machine-2-1",)
QUICK_PEERS: Final = ("PCA, 90 % of variance", "Isolation Forest", "PyOD HBOS")


def folder() -> Path:
    """Where the data set lies: beside the checkout, or where SENSORIUM_TEST_DATA says."""
    return Path(os.environ.get("SENSORIUM_TEST_DATA", ROOT.parent / "shared" / "data")) / "smd"


def score(root: Path, machines: tuple[str, ...], out: Path) -> float:
    """Score every machine online into ``out``; returns rows per second of processor time."""
    warm = TogetherDetector(2)
    warm.learn(None, np.random.default_rng(0).normal(size=(20, 2)))
    warm.score(None, np.zeros((1, 2)))
    rows, seconds = 0, 0.0
    for machine in machines:
        data = np.load(root / f"{machine}.npz", allow_pickle=False)
        train, test = data["train"].astype(np.float64), data["test"].astype(np.float64)
        detector = TogetherDetector(train.shape[1])
        detector.learn(None, train)
        began = time.process_time()
        scores = detector.score(None, test).score
        seconds += time.process_time() - began
        rows += len(test)
        np.save(out / f"{machine}.npy", scores)
    return rows / seconds


def compared(console: Console, found: dict[str, dict[str, float]]) -> None:
    """Print all scorers, the best first."""
    machines = list(next(iter(found.values())))
    table = Table(title="VUS-PR", title_justify="left")
    table.add_column("scorer")
    for machine in (*machines, "mean"):
        table.add_column(machine, justify="right")
    for name, by_machine in sorted(found.items(), key=lambda one: -_mean(one[1])):
        figures = [*by_machine.values(), _mean(by_machine)]
        table.add_row(name, *(f"{figure:.3f}" for figure in figures))
    console.print(table)


def _mean(by_machine: dict[str, float]) -> float:
    return sum(by_machine.values()) / len(by_machine)


def main() -> None:
    quick = arguments(__doc__).quick
    root = folder()
    if not root.is_dir():
        raise SystemExit(f"the Server Machine Dataset is not at {root}: set SENSORIUM_TEST_DATA")
    machines = QUICK if quick else MACHINES
    with tempfile.TemporaryDirectory() as place:
        speed = score(root, machines, Path(place))
        peers = list(QUICK_PEERS if quick else PEERS)
        found = judge(root, list(machines), Path(place), peers)
    compared(wide_console(), found)
    means = {name: _mean(by_machine) for name, by_machine in found.items()}
    claims = [
        Claim(f"VUS-PR, mean of {len(machines)}", means[OURS], "", best, means[best], goal=">= 1x")
        for best in (
            max((name for name in means if name.startswith(kind)), key=means.__getitem__)
            for kind in ("PCA", "Isolation", "PyOD")
        )
    ]
    claims.append(Claim("rows of 38 metrics scored, one core", speed, "rows/s"))
    report("Several metrics together", claims)


if __name__ == "__main__":
    main()
