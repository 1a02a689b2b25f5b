"""Edges that do not belong, put among the later half of the messages at random times.

``uniform``: any two nodes, as the papers on this data do. ``hard``: the source is that of a real
message of the later half, so that it is as busy as real ones are, and the target a neighbour's
neighbour of it, chosen as often as neighbours lead there.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks.talk.hours import I64, Messages

KINDS = ("uniform", "hard")


def injected(
    whole: Messages, of: Messages, share: float, kind: str, seed: int
) -> tuple[I64, I64, I64]:
    """Sources, targets and times of edges between no pair of ``whole``, each pair once.

    Their number is ``share`` of the later half of ``of``.
    """
    rng = np.random.default_rng(seed)
    half, n = len(of) // 2, len(of)
    taken = set(zip(whole.source.tolist(), whole.target.tolist(), strict=True))
    nodes = np.unique(np.concatenate([whole.source, whole.target]))
    near = _neighbours(of, half)
    found: list[tuple[int, int]] = []
    wanted = round(share * (n - half))
    for _ in range(1000 * wanted):
        if len(found) == wanted:
            break
        if kind == "uniform":
            a, b = rng.choice(nodes, 2).tolist()
        else:
            a = int(of.source[rng.integers(half, n)])
            if a not in near:
                continue
            middle = rng.choice(near[a])
            b = int(rng.choice(near[int(middle)]))
        if a != b and (a, b) not in taken:
            taken.add((a, b))
            found.append((a, b))
    source, target = np.array(found).reshape(-1, 2).T
    return source, target, of.when[rng.integers(half, n, len(found))]


def _neighbours(of: Messages, half: int) -> dict[int, list[int]]:
    near: dict[int, set[int]] = defaultdict(set)
    for a, b in zip(of.source[:half].tolist(), of.target[:half].tolist(), strict=True):
        near[a].add(b)
        near[b].add(a)
    return {node: sorted(others) for node, others in near.items()}
