"""Sums that come out the same whatever the order, and from which terms can be taken away again."""

from __future__ import annotations


def grow(partials: list[float], term: float) -> None:
    """Add a term to a sum kept as floats that do not overlap: ``math.fsum(partials)`` is the sum.

    Shewchuk (1997, "Adaptive precision floating-point arithmetic"), as in ``math.fsum``: nothing is
    rounded, so the sum equals that of ``math.fsum`` over all terms at once, and adding ``-term``
    undoes ``term`` without a trace.
    """
    kept = 0
    for partial in partials:
        large, small = (term, partial) if abs(term) >= abs(partial) else (partial, term)
        term = large + small
        lost = small - (term - large)
        if lost:
            partials[kept] = lost
            kept += 1
    partials[kept:] = [term]
