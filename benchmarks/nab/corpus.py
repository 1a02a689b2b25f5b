"""The benchmark on disk: 58 series, their labelled windows, and raw results of detectors."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

ROOT = Path(__file__).resolve().parents[2]


def folder() -> Path:
    """Where the corpus lies: beside the checkout, or where SENSORIUM_TEST_DATA says."""
    return Path(os.environ.get("SENSORIUM_TEST_DATA", ROOT.parent / "shared" / "data")) / "nab"


@dataclass(frozen=True, slots=True)
class Series:
    """One file: its name, times in ns, values, and windows as first and last row."""

    name: str
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    windows: tuple[tuple[int, int], ...]


def series(root: Path) -> Iterator[Series]:
    """Every series of the corpus, in order of names."""
    labels = json.loads((root / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    for name in sorted(labels):
        table = csv.read_csv(root / "data" / name)
        when = table["timestamp"].cast(pa.timestamp("ns")).cast(pa.int64()).to_numpy()
        windows = []
        for first, last in labels[name]:
            start, end = (np.datetime64(edge, "ns").astype(np.int64) for edge in (first, last))
            rows = np.flatnonzero((when >= start) & (when <= end))
            windows.append((int(rows[0]), int(rows[-1])))
        yield Series(name, when, table["value"].to_numpy().astype(np.float64), tuple(windows))


def results(root: Path, detector: str) -> dict[str, npt.NDArray[np.float64]]:
    """The scores that a detector gave each series, as the benchmark publishes them."""
    found = {}
    with tarfile.open(root / "results" / f"{detector}.tar.xz") as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            opened = archive.extractfile(member) if member.isfile() else None
            file, kind = path.name, path.parent.name
            if opened is None or kind == detector:
                continue
            scores = csv.read_csv(pa.BufferReader(opened.read()))["anomaly_score"]
            found[f"{kind}/{file.removeprefix(f'{detector}_')}"] = scores.to_numpy().astype(float)
    return found
