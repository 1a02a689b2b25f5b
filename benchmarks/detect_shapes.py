"""Odd shapes in series that repeat themselves: what is found, beside other models of windows.

Series are made: six waves (a heart's beat, a working day, a job, a saw, two sines, a square), whose
cycles are a little longer, shorter, higher and lower, with noise. In the second half of each one
cycle is spoilt, in seven ways; its values are everyday ones. Two questions:

- ``sensorium detect``, with defaults: is there an alarm in the spoilt cycle or the one after, and
  in how many other cycles is there one? With and without the judging of shapes.
- Is the spoilt cycle at least a tenth farther from what is known than every other? For the left
  matrix profile, PCA of the windows (95 % of the variance) and k-means (24 centres), both fitted
  anew once a period to the last 4,096 rows, with the period given. So their thresholds are ideal.

The constants were chosen on series of these kinds with other random numbers.

Then the running service: hosts with three scheduled jobs each, every 5 to 60 minutes, and six
series that do not repeat themselves, for a day of windows. Of each job one run does not come, comes
late, takes longer, or there is one more. Which detectors of metrics tell of the series or its host
in that cycle and the next, and which do a few cycles before, by chance? What else passes? Where
the Server Machine Dataset is at hand: what passes there that is not near a label?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.table import Table

from benchmarks.detect_smd import folder
from benchmarks.report import Claim, arguments, report, wide_console
from benchmarks.shapes.service import SHAPE, Course, course, machine
from sensorium.detect.series import ALARM, Constants, SeriesDetector, history_rows
from sensorium.detect.series.shape import LOOK_BACK

F64 = npt.NDArray[np.float64]

ROWS: Final = 6_000
DETECTORS: Final = {
    "sensorium detect": Constants(),
    "without shapes": Constants()._replace(shape_least=1e9),
}
_CENTRES: Final = 24
_VARIANCE: Final = 0.95
_FITTED_TO: Final = 16
"""Windows in each period that PCA and k-means are fitted to."""


def _bump(phase: F64, at: float, width: float) -> F64:
    return np.asarray(np.exp(-(((phase - at) / width) ** 2)), np.float64)


def _beat(phase: F64) -> F64:
    spike = _bump(phase, 0.4, 0.015) - 0.2 * _bump(phase, 0.44, 0.012)
    return 0.15 * _bump(phase, 0.2, 0.03) + spike + 0.3 * _bump(phase, 0.65, 0.05)


def _day(phase: F64) -> F64:
    work = np.sin(np.pi * np.clip((phase - 0.25) / 0.6, 0.0, 1.0))
    return np.maximum(0.15, work) + 0.25 * _bump(phase, 0.1, 0.02)


def _sines(phase: F64) -> F64:
    return np.asarray(np.sin(2 * np.pi * phase) + 0.5 * np.sin(4 * np.pi * phase + 1), np.float64)


def _square(phase: F64) -> F64:
    return np.asarray(phase < 0.4, np.float64)


# Each: the wave, rows of a cycle, how much its length and its noise vary, in shares.
WAVES: Final[dict[str, tuple[Callable[[F64], F64], int, float, float]]] = {
    "beat": (_beat, 100, 0.015, 0.03),
    "day": (_day, 288, 0.0, 0.05),
    "job": (lambda p: 1.0 * (p < 0.12) + 0.4 * ((p > 0.5) & (p < 0.56)), 40, 0.01, 0.05),
    "saw": (lambda p: p, 60, 0.01, 0.03),
    "sines": (_sines, 80, 0.0, 0.15),
    "square": (_square, 50, 0.02, 0.08),
}
SPOILT: Final[dict[str, Callable[[F64], F64]]] = {
    "missing": lambda x: np.full(len(x), x[-1]),
    "broken off": lambda x: x[: int(0.4 * len(x))],
    "flattened": lambda x: np.full(len(x), x.mean()),
    "half as high": lambda x: x.mean() + 0.4 * (x - x.mean()),
    "slower": lambda x: np.interp(np.arange(0, len(x), 1 / 1.5), np.arange(len(x)), x),
    "backwards": lambda x: x[::-1],
    "twice as fast": lambda x: np.concatenate([x[::2], x[::2]]),
}


@dataclass(frozen=True, slots=True)
class Made:
    """A series, its period, and the rows of the spoilt cycle: first, and first after it."""

    wave: str
    spoilt: str
    values: F64
    period: int
    first: int
    end: int


def made(seeds: int) -> Iterator[Made]:
    """Every wave spoilt in every way, so many times."""
    for wave, (shape, rows, lengths, noise) in WAVES.items():
        for number, (name, spoil) in enumerate(SPOILT.items()):
            for seed in range(seeds):
                rng = np.random.default_rng((seed, number, rows))
                cycles = max(16, ROWS // rows)
                odd = int(cycles * rng.uniform(0.55, 0.9))
                parts = []
                for _ in range(cycles):
                    n = max(4, round(rows * (1 + lengths * rng.normal())))
                    parts.append((1 + 0.03 * rng.normal()) * shape(np.arange(n) / n))
                parts[odd] = spoil(parts[odd])
                first = sum(len(part) for part in parts[:odd])
                values = np.concatenate(parts)
                values = values + noise * values.std() * rng.normal(size=len(values))
                yield Made(wave, name, values, rows, first, first + len(parts[odd]))


def alarmed(one: Made, constants: Constants) -> tuple[bool, int]:
    """Whether the spoilt cycle is told, and in how many other cycles there are alarms."""
    history = history_rows(len(one.values))
    detector = SeriesDetector(constants)
    detector.learn(None, one.values[:history])
    rows = np.flatnonzero(detector.score(None, one.values[history:]).score >= ALARM) + history
    near = (rows >= one.first) & (rows < one.end + one.period)
    return bool(near.any()), len(np.unique(rows[~near] // one.period))


def windows(values: F64, length: int) -> F64:
    """Every window without its mean (n, length)."""
    found = np.lib.stride_tricks.sliding_window_view(values, length)
    return np.asarray(found - found.mean(axis=1, keepdims=True), np.float64)


def profile(past: F64, now: F64, _m: int) -> F64:
    """The distance of each window of ``now`` to the nearest of the ``past``."""
    squares = (past**2).sum(axis=1) + (now**2).sum(axis=1)[:, None] - 2 * now @ past.T
    return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0.0)), np.float64)


def components(past: F64, now: F64, m: int) -> F64:
    """What the first principal components of the past leave of each window."""
    few = past[:: max(1, m // _FITTED_TO)]
    _, sizes, axes = np.linalg.svd(few, full_matrices=False)
    share = np.cumsum(sizes**2) / max((sizes**2).sum(), 1e-12)
    axes = axes[: min(int(np.searchsorted(share, _VARIANCE)) + 1, m // 2)]
    left = now - now @ axes.T @ axes
    return np.asarray(np.sqrt((left**2).sum(axis=1)), np.float64)


def centres(past: F64, now: F64, m: int) -> F64:
    """The distance of each window to the nearest of the past's centres."""
    from sklearn.cluster import KMeans

    few = past[:: max(1, m // _FITTED_TO)]
    means = KMeans(min(_CENTRES, len(few)), n_init=1, max_iter=20, random_state=0).fit(few)
    return np.asarray(means.transform(now).min(axis=1), np.float64)


MODELS: Final = {"left matrix profile": profile, "PCA": components, "k-means": centres}


def farthest(one: Made, model: Callable[[F64, F64, int], F64]) -> bool:
    """Whether the spoilt cycle is at least a tenth farther than any other after the history."""
    m, start = one.period, history_rows(len(one.values))
    every = windows(one.values, m)
    away = np.zeros(len(one.values))
    for at in range(max(start, 3 * m), len(one.values), m):
        # Windows that end before the first of these begins.
        past = every[max(0, at - LOOK_BACK) : at - 2 * m + 1]
        now = every[at - m + 1 : at + 1]
        away[at : at + len(now)] = model(past, now, m)
    rows = np.arange(len(away))
    inside = (rows >= one.first) & (rows < one.end + m)
    after = (rows >= one.end + m) & (rows < one.end + 2 * m)
    return bool(away[inside].max() > 1.1 * away[~inside & ~after].max())


def running(quick: bool) -> list[Claim]:
    """The detectors of the running service, with and without that of shapes."""
    one = course(1, 12, 1_600) if quick else course(1, 36, 2_880)
    table = Table(title="cycles spoilt in the running service", title_justify="left")
    for heading in (
        "",
        "told",
        "by chance",
        "passed else, of 1,000 scored",
        "µs a series and window",
    ):
        table.add_column(heading, justify="right" if heading else "left")
    for name in one.told:
        elsewhere = 1000 * one.passed_else[name] / max(one.scored[name], 1)
        shares = (np.mean(one.told[name]), np.mean(one.by_chance[name]))
        cost = 1e6 * one.seconds[name] / one.series_windows
        table.add_row(
            name, *(f"{share:.2f}" for share in shares), f"{elsewhere:.3f}", f"{cost:.1f}"
        )
    without = _any_of(one, set(one.told) - {SHAPE})
    table.add_row("all but " + SHAPE, *(f"{share:.2f}" for share in without), "", "")
    wide_console().print(table)
    claims = [
        Claim(
            f"cycles told in the running service, of {len(one.spoilt)}",
            _any_of(one, set(one.told))[0],
            "",
            f"without {SHAPE}",
            without[0],
        ),
        Claim(
            f"windows of a series in which {SHAPE} passed for no reason, of 1,000 scored",
            1000 * one.passed_else[SHAPE] / max(one.scored[SHAPE], 1),
            "",
            goal="<= 1",
        ),
    ]
    machines = [] if quick else sorted(folder().glob("*.npz"))
    if machines:
        scored, passed = np.sum([machine(path) for path in machines], axis=0).tolist()
        told = f"the same on machines of SMD, away from labels ({passed} passed)"
        claims.append(Claim(told, 1000 * passed / max(scored, 1), "", goal="<= 1"))
    return claims


def _any_of(one: Course, names: set[str]) -> tuple[float, float]:
    """Shares told by any of some detectors, and by chance."""
    told, by_chance = (
        np.any([of[name] for name in sorted(names)], axis=0) for of in (one.told, one.by_chance)
    )
    return float(told.mean()), float(by_chance.mean())


def main() -> None:
    quick = arguments(__doc__).quick
    every = list(made(1 if quick else 3))
    found = {name: [alarmed(one, c) for one in every] for name, c in DETECTORS.items()}
    ranked = {name: [farthest(one, model) for one in every] for name, model in MODELS.items()}
    table = Table(title="share of spoilt cycles found", title_justify="left")
    for heading in ("", *found, *(f"{name} (ideal)" for name in MODELS)):
        table.add_column(heading, justify="right" if heading else "left")
    for of, group in (("spoilt", SPOILT), ("wave", WAVES)):
        for name in group:
            at = [i for i, one in enumerate(every) if getattr(one, of) == name]
            shares = [np.mean([found[d][i][0] for i in at]) for d in found]
            shares += [np.mean([ranked[m][i] for i in at]) for m in MODELS]
            table.add_row(name, *(f"{share:.2f}" for share in shares))
    wide_console().print(table)
    claims = []
    with_shapes, without = (np.array(found[name]) for name in DETECTORS)
    claims.append(
        Claim(
            f"spoilt cycles found, of {len(every)}",
            float(with_shapes[:, 0].mean()),
            "",
            "without shapes",
            float(without[:, 0].mean()),
        )
    )
    claims.append(
        Claim(
            "cycles with false alarms in a series",
            float(with_shapes[:, 1].mean()),
            "",
            "without shapes",
            float(without[:, 1].mean()),
        )
    )
    best = max(("PCA", "k-means"), key=lambda name: float(np.mean(ranked[name])))
    claims.append(
        Claim(
            "spoilt cycle is the farthest, left matrix profile",
            float(np.mean(ranked["left matrix profile"])),
            "",
            best,
            float(np.mean(ranked[best])),
            goal=">= 1x",
        )
    )
    claims += running(quick)
    report("Odd shapes in series that repeat themselves", claims)


if __name__ == "__main__":
    main()
