"""The Numenta Anomaly Benchmark: streaming detection on 58 labelled series, as NAB scores it.

First the scoring is checked: it must give two published detectors their published scores, from
their published raw results. Then all series are scored online by the detector of
``sensorium detect``, with one configuration, and the figures stand beside published ones. Without
``--quick`` a table says what becomes of the score when a constant is another.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.nab import corpus
from benchmarks.nab.scoring import PROFILES, Judged, Outcome, at_threshold, outcomes, probation
from benchmarks.report import Claim, arguments, report, wide_console
from sensorium.detect.series import ALARM, Constants, SeriesDetector

# Scores under the three profiles, from the benchmark's own list of results (final_results.json).
PUBLISHED: Final = {
    "ARTime": (74.85, 65.15, 80.36),
    "Numenta HTM": (70.10, 63.12, 74.32),
    "CAD OSE": (69.90, 66.98, 73.18),
    "KNN-CAD": (57.99, 43.41, 64.81),
    "Random Cut Forest": (51.72, 38.36, 59.75),
    "Twitter ADVec": (47.06, 33.61, 53.50),
    "Windowed Gaussian": (39.65, 20.87, 47.41),
}
REPRODUCED: Final = {"knncad": "KNN-CAD", "windowedGaussian": "Windowed Gaussian"}
GOALS: Final = {"standard": ">= 75", "low-FP": ">= 67"}
VARIED: Final[dict[str, tuple[float, ...]]] = {
    "new_share": (0.008, 0.010, 0.014, 0.018),
    "day_decades": (4.0, 5.0, 6.0),
    "week_decades": (3.0, 4.0, 5.0),
    "day_after": (3, 4, 7),
    "week_after": (3, 4),
    "day_scores": (100, 400),
    "week_scores": (200, 800),
    "least_excess": (0.0003, 0.003),
    "shape_farther": (1.25, 2.0),
    "shape_least": (0.4, 0.6, 1e9),
    "shape_half_life": (4000, 16000),
    "dearer": (0.0, 0.25, 1.0),
    "half_life": (500, 1000, 3000),
    "covered": (0.2, 0.3, 0.36, 0.4),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What the detector gave for every series, and the processor time it took."""

    files: list[Judged]
    rows: int
    seconds: float


def run(data: list[corpus.Series], constants: Constants) -> Run:
    """Score every series online, each after its probation; those rows are its history."""
    files, began = [], time.process_time()
    for one in data:
        history = probation(len(one.values))
        detector = SeriesDetector(constants)
        detector.learn(one.times[:history], one.values[:history])
        scores = detector.score(one.times[history:], one.values[history:]).score
        files.append(Judged(np.concatenate([np.zeros(history), scores]), one.windows))
    rows = sum(len(one.values) for one in data)
    return Run(files, rows, time.process_time() - began)


def reproduced(root: Path, data: list[corpus.Series]) -> Iterator[Claim]:
    """How far our scoring is from the published scores of the published raw results."""
    for detector, name in REPRODUCED.items():
        raw = corpus.results(root, detector)
        got = outcomes([Judged(raw[one.name], one.windows) for one in data])
        off = max(
            abs(got[profile.name].score - published)
            for profile, published in zip(PROFILES, PUBLISHED[name], strict=True)
        )
        yield Claim(f"our scoring of {name}: farthest from the published", off, "", goal="<= 0.01")


def compared(console: Console, ours: dict[str, Outcome], fixed: dict[str, Outcome]) -> None:
    """Print ours beside the published scores."""
    table = Table(title="NAB scores", title_justify="left")
    table.add_column("detector")
    for profile in PROFILES:
        table.add_column(profile.name, justify="right")
    table.add_row("sensorium detect", *(f"{ours[p.name].score:.2f}" for p in PROFILES))
    table.add_row("the same, alarms (score 1)", *(f"{fixed[p.name].score:.2f}" for p in PROFILES))
    for name, scores in PUBLISHED.items():
        table.add_row(f"{name} (published)", *(f"{score:.2f}" for score in scores))
    console.print(table)


def sensitivity(console: Console, data: list[corpus.Series]) -> None:
    """Print the scores with one constant changed at a time."""
    table = Table(title="One constant changed at a time", title_justify="left")
    for heading in ("constant", "value", *(profile.name for profile in PROFILES)):
        table.add_column(heading, justify="left" if heading == "constant" else "right")
    usual = Constants()
    for name, values in VARIED.items():
        for value in sorted((*values, getattr(usual, name))):
            kind = type(getattr(usual, name))
            got = outcomes(run(data, usual._replace(**{name: kind(value)})).files)
            mark = " (used)" if value == getattr(usual, name) else ""
            scores = (f"{got[profile.name].score:.2f}" for profile in PROFILES)
            table.add_row(name, f"{value:g}{mark}", *scores)
    console.print(table)


def main() -> None:
    quick = arguments(__doc__).quick
    console = wide_console()
    root = corpus.folder()
    if not (root / "labels").is_dir():
        console.print(f"no NAB corpus at {root}: SENSORIUM_TEST_DATA names the folder above it")
        report("Streaming detection on single series (NAB)", [])
        return
    data = list(corpus.series(root))
    claims = list(reproduced(root, data))
    run(data[:1], Constants())
    done = run(data, Constants())
    ours = outcomes(done.files)
    compared(console, ours, at_threshold(done.files, ALARM))
    for n, profile in enumerate(PROFILES):
        peer = max(PUBLISHED, key=lambda name: PUBLISHED[name][n])
        claims.append(
            Claim(
                f"NAB, {profile.name}",
                ours[profile.name].score,
                "of 100",
                peer,
                PUBLISHED[peer][n],
                GOALS.get(profile.name, ""),
                published=True,
            )
        )
    claims.append(Claim("rows scored, one core", done.rows / done.seconds, "rows/s"))
    if not quick:
        sensitivity(console, data)
    report("Streaming detection on single series (NAB)", claims)


if __name__ == "__main__":
    main()
