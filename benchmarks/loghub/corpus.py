"""The samples on disk, how a parser of them is scored, and a long stream made of them."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = ("HDFS", "Hadoop", "Zookeeper", "HPC", "Linux", "Mac", "Apache", "OpenSSH")


def folder() -> Path:
    """Where the corpus lies: beside the checkout, or where SENSORIUM_TEST_DATA says."""
    return Path(os.environ.get("SENSORIUM_TEST_DATA", ROOT.parent / "shared" / "data")) / "loghub"


@dataclass(frozen=True, slots=True)
class Sample:
    """One system: the text of its lines without their heads, and the true event of each."""

    name: str
    file: Path
    lines: list[str]
    events: list[str]

    def in_another_order(self, seed: int) -> Sample:
        """The same lines, shuffled."""
        order = np.random.default_rng(seed).permutation(len(self.lines)).tolist()
        lines, events = [self.lines[i] for i in order], [self.events[i] for i in order]
        return Sample(self.name, self.file, lines, events)


def samples(root: Path) -> list[Sample]:
    """The eight samples."""
    found = []
    for name in SYSTEMS:
        structured = root / name / f"{name}_2k.log_structured.csv"
        with structured.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        lines, events = [row["Content"] for row in rows], [row["EventId"] for row in rows]
        found.append(Sample(name, root / name / f"{name}_2k.log", lines, events))
    return found


def group_accuracy(found: Sequence[Hashable], true: Sequence[Hashable]) -> float:
    """The share of lines whose found group holds exactly the lines of their true group.

    Zhu et al. 2019 (Tools and Benchmarks for Automated Log Parsing), section IV.
    """
    by_found, by_true = defaultdict(set), defaultdict(set)
    for line, (one, other) in enumerate(zip(found, true, strict=True)):
        by_found[one].add(line)
        by_true[other].add(line)
    right = sum(
        len(group) for group in by_true.values() if by_found[found[next(iter(group))]] == group
    )
    return right / len(true)


def stream(lines: list[str], times: int) -> list[str]:
    """The lines ``times`` times over, with other digits each time, in orders of their own."""
    rng = np.random.default_rng(7)
    out: list[str] = []
    for _ in range(times):
        digits = str.maketrans("0123456789", "".join(map(str, rng.permutation(10))))
        out += [lines[i].translate(digits) for i in rng.permutation(len(lines))]
    return out
