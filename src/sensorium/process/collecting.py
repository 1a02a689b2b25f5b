"""When Python looks for cycles of objects that nobody has any more."""

from __future__ import annotations

import gc


def leave_what_is_there(*thresholds: int) -> None:
    """What exists now stays: no collection looks at it again. ``thresholds`` are Python's own.

    Imports make hundreds of thousands of objects that stay, and a collection that looks at all of
    them holds up every thread for a quarter of a second or more.
    """
    gc.collect()
    gc.freeze()
    if thresholds:
        gc.set_threshold(*thresholds)
