"""The verdict, decided by code: how much independent evidence supports the story."""

from __future__ import annotations

from collections.abc import Iterable

from sensorium.agent.clue import Clue
from sensorium.model.evidence import Weight
from sensorium.model.incident import Verdict

_POINTS = {Weight.STRONG: 2.0, Weight.SUPPORTING: 1.0, Weight.CONTEXT: 0.0}
CONFIRMED = 5.0
LIKELY = 3.0


def points(clues: Iterable[Clue]) -> float:
    """Weight of evidence: strong 2, supporting 1.

    Clues of one kind from one signal repeat each other, so only the strongest of them counts; a
    clue with evidence against it counts half.
    """
    best: dict[tuple[str, str], float] = {}
    for clue in clues:
        value = _POINTS[clue.weight] / (2 if clue.against else 1)
        key = (clue.kind.value, clue.signal.value)
        best[key] = max(best.get(key, 0.0), value)
    return sum(best[key] for key in sorted(best))


def judge(clues: Iterable[Clue]) -> Verdict:
    """Confirmed: five points from at least two signals, with two strong clues of different kind
    or signal. Likely: three points with a strong clue. Anything less is inconclusive."""
    found = list(clues)
    total = points(found)
    strong = {(c.kind, c.signal) for c in found if c.weight is Weight.STRONG and not c.against}
    signals = {c.signal for c in found if c.weight is not Weight.CONTEXT}
    if total >= CONFIRMED and len(signals) >= 2 and len(strong) >= 2:
        return Verdict.CONFIRMED
    if total >= LIKELY and strong:
        return Verdict.LIKELY
    return Verdict.INCONCLUSIVE
