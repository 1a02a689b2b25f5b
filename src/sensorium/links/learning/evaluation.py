"""How well scores tell links from pairs that are not linked.

Ties are counted against the model (the pessimistic rank): a score that is the same for all is
worth nothing. The area under the ROC curve saturates on graphs of friends; Hits@K and MRR tell
more.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

HITS: Final = (10, 20, 50, 100)


def hits(positive: Array, negative: Array, k: int) -> float:
    """The share of links scored above the ``k``-th best negative; 1 with fewer negatives."""
    if len(negative) < k:
        return 1.0
    bound = np.partition(negative, len(negative) - k)[len(negative) - k]
    return float((positive > bound).mean())


def ranks(positive: Array, negative: Array) -> Array:
    """Each link's rank among the same negatives, from 1, int64 (links,)."""
    ordered = np.sort(negative)
    return 1 + len(ordered) - np.searchsorted(ordered, positive, side="left")


def own_ranks(positive: Array, negative: Array) -> Array:
    """Each link's rank among negatives of its own: ``negative`` has the shape (links, each)."""
    better: Array = (negative >= positive[:, None]).sum(1) + 1
    return better


def reciprocal(ranked: Array) -> float:
    """The mean reciprocal rank."""
    return float((1 / ranked).mean())


def area(positive: Array, negative: Array) -> float:
    """Area under the ROC curve: the chance that a link is above a negative, ties counting half."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    level = np.searchsorted(ordered, positive, side="right")
    return float((below + level).mean() / 2 / len(ordered))


def average_precision(positive: Array, negative: Array) -> float:
    """The mean, over links, of the precision at the link's rank; ties against the model."""
    ordered = np.sort(positive)[::-1]
    found = np.arange(1, len(ordered) + 1)
    return float((found / (found + ranks(ordered, negative) - 1)).mean())


def measured(positive: Array, negative: Array) -> dict[str, float]:
    """Every figure that needs only the two sets of scores.

    Hits@K only where there are more than K negatives: with fewer every score has 1.
    """
    figures = {
        "auc": area(positive, negative),
        "ap": average_precision(positive, negative),
        "mrr": reciprocal(ranks(positive, negative)),
    }
    return figures | {f"hits@{k}": hits(positive, negative, k) for k in HITS if k < len(negative)}


def suggestions(found: list[Array], wanted: list[Array], k: int) -> dict[str, float]:
    """For users' ranked suggestions: how often one of the first ``k`` is wanted, and how early.

    ``found[n]`` are the rows suggested to a user, best first; ``wanted[n]`` the held-out ones.
    """
    first = []
    for suggested, sought in zip(found, wanted, strict=True):
        hit = np.flatnonzero(np.isin(suggested[:k], sought))
        first.append(1 / (1 + hit[0]) if len(hit) else 0.0)
    ranked = np.array(first)
    return {f"hit@{k}": float((ranked > 0).mean()), f"mrr@{k}": float(ranked.mean())}
