"""All that is to be compiled, in several processes at a time."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Final

from sensorium.app.preparation.kept import remember
from sensorium.app.preparation.steps import Step, command_steps, decoder_steps, receiver_steps
from sensorium.process.affinity import usable_cores

PROCESSES: Final = 4
"""That compile at once, at most: each holds half a gigabyte."""

_LONGEST: Final = ("detection", "netflow", "syslog")
"""What is begun first, so that nothing long is left for the end."""


def prepare(processes: int) -> None:
    """Compile all of it, telling on standard output what took long."""
    _prepare(processes, (*decoder_steps(), *receiver_steps(), *command_steps()))
    remember()


def prepare_a_service(processes: int) -> None:
    """Compile what a service needs."""
    _prepare(processes, (*decoder_steps(), *receiver_steps()))
    remember()


def prepare_a_replay(processes: int) -> None:
    """Compile what a replay needs; a recording without sFlow does without the decoder of that."""
    _prepare(processes, tuple(step for step in decoder_steps() if step[0] != "sflow"))
    remember(for_replay=True)


def _prepare(processes: int, given: Sequence[Step]) -> None:
    # Steps share few kernels: several processes do it in little more than their part of the time.
    steps = dict(given)
    workers = max(min(usable_cores(), processes), 1)
    with ProcessPoolExecutor(workers, get_context("spawn"), _collect_seldom) as pool:
        order = dict.fromkeys((*_LONGEST, *steps))
        running = {pool.submit(_timed, steps[name]): name for name in order}
        for done in as_completed(running):
            taken = done.result()
            if taken > 1:
                sys.stdout.write(f"  {running[done]}: {taken:.0f} s\n")
                sys.stdout.flush()


def _collect_seldom() -> None:
    """Compilers make many objects and few cycles."""
    gc.set_threshold(50_000, 20, 50)


def _timed(step: Callable[[], object]) -> float:
    began = time.monotonic()
    step()
    return time.monotonic() - began
