"""When Python looks for cycles of objects that nobody has any more.

Imports make hundreds of thousands of objects that stay, and each full collection looks at all of
them: seven took a second of the twelve that the demo takes, and one holds up every thread for a
quarter of one.
"""

from __future__ import annotations

import gc
from typing import Final

_USUAL: Final = gc.get_threshold()


def collect_seldom() -> None:
    """While much is imported or compiled, which makes many objects and few cycles."""
    gc.set_threshold(50_000, 20, 50)


def leave_what_is_there(thresholds: tuple[int, int, int] = _USUAL) -> None:
    """What exists now stays, and is not looked at again; from now on ``thresholds`` hold."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*thresholds)
