"""Our scores: without training, and with the temporal model trained on the history."""

from __future__ import annotations

import copy

import numpy as np

from benchmarks.talk.hours import F64, Hours
from sensorium.links.network.stream import TalkStream
from sensorium.links.network.temporal import Lessons, fit


class Taught:
    """A stream that has seen the history of some hours, and a model trained on it by seed.

    Neither changes when edges are scored, so that several futures can follow one past.
    """

    def __init__(self, hours: Hours, seed: int | None, *, trust: bool) -> None:
        self._stream = TalkStream()
        lessons = None if seed is None else Lessons(seed)
        for rows in hours.windows():
            if hours.history[rows].all():
                source, target, hour = _distinct(hours, rows)[:3]
                if lessons is not None:
                    lessons.take(self._stream.memory, source, target, hour)
                self._stream.step(source, target, hour, trust=trust)
        if lessons is not None and seed is not None:
            self._stream.adopt(fit(lessons, seed))

    def scores(self, hours: Hours) -> F64:
        """The score of each edge that is not history, 0 for the others."""
        stream, scores = copy.deepcopy(self._stream), np.zeros(len(hours.hour))
        for rows in hours.windows():
            if not hours.history[rows].all():
                source, target, hour, place = _distinct(hours, rows)
                scores[rows] = stream.step(source, target, hour)[place]
        return scores


def _distinct(hours: Hours, rows: slice) -> tuple[np.ndarray, np.ndarray, int, np.ndarray]:
    pairs = np.stack([hours.source[rows], hours.target[rows]], axis=1)
    ends, place = np.unique(pairs, axis=0, return_inverse=True)
    return ends[:, 0].copy(), ends[:, 1].copy(), int(hours.hour[rows.start]), place.ravel()
