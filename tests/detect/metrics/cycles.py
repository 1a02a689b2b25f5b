"""Made-up series that repeat themselves as scheduled jobs do, and others that do not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

SECONDS = 30
SPOILT = ("missing", "late", "long", "twice")
"""What may become of one run of a job: it does not come, comes two fifths of a cycle late, takes
two and a half times as long, or there is one more in the middle between two."""
RESTLESS = ("waves", "walk", "noise", "few", "bursts", "mean of many")
"""What does not repeat itself."""


def job(
    rng: np.random.Generator,
    windows: int,
    every: float,
    share: float,
    *,
    jitter: float = 3.0,
    noise: float = 0.05,
    spoilt: str = "",
    at: int = -1,
) -> tuple[F64, int]:
    """A gauge that is one higher while a job runs, and the window in which run ``at`` begins.

    Of the samples, each 15 s, a window has the mean. ``every`` and ``jitter`` are in seconds.
    """
    time = np.arange(2 * windows) * SECONDS / 2 + rng.uniform(0, SECONDS / 2)
    values = np.zeros(len(time))
    phase = rng.uniform(0, every)
    first = 0
    for run in range(int(time[-1] / every) + 1):
        begin = phase + run * every + rng.normal(0, jitter)
        lasts = share * every * (1 + rng.normal(0, 0.1))
        high = 1 + rng.normal(0, 0.05)
        if run == at:
            first = int(begin / SECONDS)
            high = 0.0 if spoilt == "missing" else high
            begin += 0.4 * every * (spoilt == "late")
            lasts *= 2.5 if spoilt == "long" else 1.0
            if spoilt == "twice":
                more = begin + every / 2
                values[(time >= more) & (time < more + lasts)] += high
        values[(time >= begin) & (time < begin + lasts)] += high
    whole = values.reshape(windows, 2).mean(axis=1)
    return 5.0 + whole + noise * rng.normal(size=windows), first


def restless(rng: np.random.Generator, windows: int, kind: str) -> F64:
    """A gauge of one of the kinds of :data:`RESTLESS`."""
    fresh = rng.normal(size=windows)
    if kind == "waves":
        return 10 + _remembering(fresh, 0.95)
    if kind == "walk":
        return 100 + np.cumsum(fresh)
    if kind == "few":
        return rng.poisson(0.7, windows).astype(np.float64)
    if kind == "bursts":
        return 5 + (rng.random(windows) < 0.03) * rng.pareto(1.5, windows) + 0.1 * fresh
    if kind == "mean of many":
        return 50 + 3 * _remembering(fresh, 0.99) + fresh
    return 20 + fresh


def _remembering(fresh: F64, keeps: float) -> F64:
    out = fresh.copy()
    for at in range(1, len(out)):
        out[at] = keeps * out[at - 1] + fresh[at]
    return out
