"""Forests of stage two: scikit-learn's Isolation Forest and river's half-space trees, and ours.

Both score the same vectors with the same trees; scores are compared before any figure is told.
All figures are vectors per second of processor time, one core. Stage two sees the oddest hosts of
a window, so batches of some hundreds are what it is given; larger ones are there to compare.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.ensemble import IsolationForest

from benchmarks.forest import river_peer
from benchmarks.report import Claim, arguments, report
from sensorium.detect.arrays import F64
from sensorium.detect.forest import FlatForest
from sensorium.detect.half_space import HalfSpaceTrees

WIDTH, TREES = 18, 64
HEIGHT, WINDOW, HALF_SPACES = 8, 250, 25


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The median processor time of ``work()``, after one unmeasured call."""
    work()
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def isolation(batches: tuple[int, ...], repeats: int) -> list[Claim]:
    """Our scorer beside ``score_samples`` of the forest it was made of."""
    rng = np.random.default_rng(1)
    forest = IsolationForest(n_estimators=TREES, max_samples=256, random_state=0, n_jobs=1)
    forest.fit(rng.normal(size=(4096, WIDTH)))
    flat, claims = FlatForest.of(forest), []
    for batch in batches:
        vectors = rng.normal(scale=1.5, size=(batch, WIDTH))
        theirs, ours = forest.score_samples(vectors), flat.score_samples(vectors)
        if not np.array_equal(theirs, ours):
            raise SystemExit("the flat forest's scores are not those of scikit-learn")
        calls = max(1, 2_000 // batch)

        def of_ours(v: F64 = vectors, n: int = calls) -> None:
            for _ in range(n):
                flat.score_samples(v)

        claims.append(
            Claim(
                f"Isolation Forest, {TREES} trees, {batch:,} vectors at a time",
                batch * calls / seconds(of_ours, repeats),
                "vectors/s",
                "scikit-learn score_samples",
                batch / seconds(partial(forest.score_samples, vectors), repeats),
                ">= 10x",
            )
        )
    return claims


def half_space(many: int, repeats: int) -> Claim:
    """Our half-space trees with river's splits: each vector scored, then learned."""
    vectors = np.random.default_rng(2).normal(0.5, 0.12, (many, WIDTH))
    peer = river_peer.score(vectors.tolist(), trees=HALF_SPACES, height=HEIGHT, window=WINDOW)
    drawn = {
        "features": np.array(peer.features, np.int32),
        "thresholds": np.array(peer.thresholds),
        "masses": np.zeros((HALF_SPACES, 2 ** (HEIGHT + 1) - 1, 2), np.int64),
        "state": np.zeros(2, np.int64),
        "window": np.array([WINDOW]),
    }
    ours = HalfSpaceTrees.of(drawn).score_and_learn(vectors)
    if not np.allclose(ours, peer.scores, rtol=1e-12, atol=1e-12):
        raise SystemExit("our half-space trees do not score as river's with the same splits do")
    trees = HalfSpaceTrees.of(drawn)
    return Claim(
        f"half-space trees, {HALF_SPACES} of height {HEIGHT}, scored and learned",
        many / seconds(lambda: trees.score_and_learn(vectors), repeats),
        "vectors/s",
        f"river {river_peer.RIVER}",
        many / peer.seconds,
        ">= 20x",
    )


def main() -> None:
    quick = arguments(__doc__).quick
    repeats = 3 if quick else 9
    claims = isolation((256, 1_024, 10_000), repeats)
    claims.append(half_space(2_000 if quick else 20_000, repeats))
    report("Forests of stage two, equal scores, one core", claims)


if __name__ == "__main__":
    main()
