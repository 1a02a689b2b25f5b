"""A writer that is killed between any two of its steps leaves the old state or the new one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sensorium.detect.models.card import ModelCard
from sensorium.detect.models.forest_model import ForestModel

NAME = "flows.host.joint"
STEPS = {"open", "os.rename", "os.mkdir", "os.chmod", "os.remove", "os.rmdir", "tempfile.mkdtemp"}
KILLED = 9


def _killed_at(step: int, folder: Path, act: Callable[[], object]) -> bool:
    """Run ``act`` in a process that ends, with nothing tidied, before its file step ``step``.

    Returns whether it ended so, rather than by finishing.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED
    left = step

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        if event in STEPS and str(args[0]).startswith(str(folder)):
            left -= 1
            if left < 0:
                os._exit(KILLED)

    sys.addaudithook(hook)
    try:
        act()
    finally:
        os._exit(0 if sys.exc_info()[0] is None else 1)


def _every_kill(folder: Path, act: Callable[[], object], check: Callable[[], None]) -> int:
    for step in range(100):
        if not _killed_at(step, folder, act):
            return step
        check()
    raise AssertionError("it never finishes")


def test_a_killed_add_leaves_whole_versions_only(
    opened: Callable, draft: ModelCard, forest: ForestModel
) -> None:
    kept = opened()
    kept.registry.add(draft, forest.files())
    counts: list[int] = []

    def check() -> None:
        registry = opened().registry
        cards = registry.cards(NAME)
        for card in cards:
            registry.load(NAME, card.version)
        counts.append(len(cards))

    kills = _every_kill(kept.folder, lambda: opened().registry.add(draft, forest.files()), check)
    assert kills >= 6
    assert counts == sorted(counts)
    # What killed writers left is gone once somebody has finished.
    assert [p.name for p in (kept.folder / NAME).iterdir() if "partial" in p.name] == []


def test_a_killed_promotion_happened_or_did_not(
    opened: Callable, draft: ModelCard, forest: ForestModel
) -> None:
    kept = opened()
    for _ in range(2):
        kept.registry.add(draft, forest.files())
    kept.registry.promote(NAME, 1)
    seen: set[int | None] = set()
    kills = _every_kill(
        kept.folder,
        lambda: opened().registry.promote(NAME, 2),
        lambda: seen.add(opened().registry.standing(NAME).active),
    )
    assert kills >= 4
    assert seen <= {1, 2}
    assert kept.registry.standing(NAME).active == 2


@pytest.mark.parametrize("left", [1, 20, -1])
def test_a_line_that_was_cut_off_never_counts(
    opened: Callable, draft: ModelCard, forest: ForestModel, left: int
) -> None:
    kept = opened()
    for _ in range(3):
        kept.registry.add(draft, forest.files())
    kept.registry.promote(NAME, 1)
    path = kept.folder / NAME / "history.jsonl"
    whole = path.read_bytes()
    kept.registry.promote(NAME, 2)
    line = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + line[:left])
    assert opened().registry.standing(NAME).active == 1
    opened().registry.promote(NAME, 3)
    assert opened().registry.rollback(NAME).active == 1
