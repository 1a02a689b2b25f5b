"""When Python looks for cycles of objects that nobody has any more."""

from __future__ import annotations

import gc
from typing import Final

_USUAL: Final = gc.get_threshold()


def look_seldom() -> None:
    """While a command loads, which makes many objects and few cycles: an eighth of its start."""
    gc.set_threshold(10_000, 10, 10)


def leave_what_is_there(*thresholds: int) -> None:
    """What exists now stays: no collection looks at it again. ``thresholds`` are Python's own,
    from now on as usual where none are given.

    Imports make hundreds of thousands of objects that stay, and a collection that looks at all of
    them holds up every thread for a quarter of a second or more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*(thresholds or _USUAL))
