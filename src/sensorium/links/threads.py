"""How many threads torch works with: small work is done sooner by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

import torch

_WORTH_SHARING: Final = 100_000
"""Arcs from which on more threads are worth it: two take two thirds of the time of one."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch work with one thread.

    Threads that share a product wait for each other after it, turning in a loop. Two gain a tenth
    on a small graph, and take fifteen times as long where other programs have the processors.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threads_for(arcs: int) -> AbstractContextManager[None]:
    """Leave torch its threads while a graph of so many arcs is worked on, or only one."""
    return nullcontext() if arcs >= _WORTH_SHARING else one_thread()
