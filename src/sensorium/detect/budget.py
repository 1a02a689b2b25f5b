"""How many pass: the rate that is set holds in a storm too, and does not hide its cause.

Thresholds are left as they are in a storm: what is beyond them in a network where everything is
odd may be everything. So what passes has a budget, which every window adds to and a quiet network
hardly touches. Where it is used up, those pass that tell most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.gate import Verdicts
from sensorium.detect.protocol import Scored
from sensorium.state.arrays import State, StateError, joined, part, taken

_SAVED_WINDOWS: Final = 20
"""What so many windows add is saved up where that is more than a burst."""
_MOST_TOLD: Final = 100_000
"""Of a detector's entities so many are known to have passed in a storm; after them all are new."""
_NOBODY: Final = np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Asking:
    """A detector's entities of one window: ``keys`` (n,) which they are, their tail
    ``probability`` (n,) and ``score`` (n,), and who ``passed`` (n,) the threshold."""

    detector: str
    keys: U64
    probability: F64
    score: F64
    passed: Bool

    @staticmethod
    def of(detector: str, scored: Scored, verdicts: Verdicts) -> Asking:
        """What a gate has judged of a detector's window."""
        return Asking(detector, scored.keys, verdicts.probability, verdicts.score, verdicts.passed)


class PassBudget:
    """Passes that are paid for by what is scored: ``rate`` for each entity of a window.

    At most ``burst`` are saved up, or what twenty windows add; that much is there at first. In
    every window ``floor`` pass, whatever is left.
    """

    def __init__(self, rate: float, burst: int, floor: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._floor = floor
        self._saved = self._burst
        # Of a storm, by detector: who has passed since it began.
        self._told: dict[str, U64] = {}

    def spend(self, asking: Sequence[Asking]) -> list[Bool]:
        """Who passes of each detector's entities: all that passed the threshold, as far as they
        can be paid for.

        Where there are more, half of the room is for the most improbable and half for the most
        improbable that have not passed since the storm began, so that what is new is seen beside
        what goes on. Detectors take turns in both, so that no signal is crowded out by another.
        """
        earned = self._rate * sum(len(each.keys) for each in asking)
        most = max(self._burst, _SAVED_WINDOWS * earned)
        self._saved = min(self._saved + earned, most)
        wanted = sum(int(each.passed.sum()) for each in asking)
        room = max(int(self._saved), self._floor)
        self._saved = max(self._saved - min(wanted, room), 0.0)
        if wanted <= room:
            self._told = {}
            return [each.passed for each in asking]
        passing = self._chosen(asking, room)
        for each, mask in zip(asking, passing, strict=True):
            told = self._told.get(each.detector, _NOBODY)
            known = told if len(told) <= _MOST_TOLD else _NOBODY
            self._told[each.detector] = np.union1d(known, each.keys[mask])
        return passing

    def state(self) -> State:
        """What is saved, and who has passed in a storm that goes on."""
        told = {name: {"keys": keys.copy()} for name, keys in sorted(self._told.items())}
        return {**joined(told=joined(**told)), "saved": np.array(self._saved)}

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave; one of a version without budgets has nothing."""
        if not state:
            return
        saved = float(taken(state, "saved", np.float64))
        if not 0.0 <= saved < np.inf:
            raise StateError(f"a kept state has a budget of {saved}")
        self._saved = saved
        told = part(state, "told")
        names = sorted(key.removesuffix(".keys") for key in told)
        self._told = {name: taken(told, f"{name}.keys", np.uint64, None) for name in names}

    def _chosen(self, asking: Sequence[Asking], room: int) -> list[Bool]:
        """The masks of as many as there is room for."""
        detector = np.repeat(np.arange(len(asking)), [int(each.passed.sum()) for each in asking])
        place = np.concatenate([np.flatnonzero(each.passed) for each in asking])
        turns = [_turn(each) for each in asking]
        improbable = np.concatenate([each.probability[each.passed] for each in asking])
        order = np.lexsort((detector, improbable, np.concatenate(turns)))
        new = np.concatenate([self._new(each) for each in asking])
        strongest = order[: room - room // 2]
        rest = order[room - room // 2 :]
        fresh = rest[new[rest]][: room // 2]
        more = rest[~np.isin(rest, fresh)][: room // 2 - len(fresh)]
        chosen = np.concatenate([strongest, fresh, more])
        masks = [np.zeros(len(each.keys), np.bool_) for each in asking]
        for at, mask in enumerate(masks):
            mask[place[chosen[detector[chosen] == at]]] = True
        return masks

    def _new(self, each: Asking) -> Bool:
        return ~np.isin(each.keys[each.passed], self._told.get(each.detector, _NOBODY))


def _turn(each: Asking) -> I64:
    """The place of each that passed among its detector's, the most improbable first."""
    keys, passed = each.keys[each.passed], each.passed
    order = np.lexsort((keys, -each.score[passed], each.probability[passed]))
    turn = np.empty(len(order), np.int64)
    turn[order] = np.arange(len(order))
    return turn
