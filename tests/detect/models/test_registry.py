"""Versions are kept whole, and who is active follows from an append-only history."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from sensorium.detect.models.card import ModelCard
from sensorium.detect.models.errors import ModelRefusedError, NoSuchModelError
from sensorium.detect.models.forest_model import ForestModel
from sensorium.detect.models.history import Did

NAME = "flows.host.joint"


@pytest.fixture
def three(kept, draft: ModelCard, forest: ForestModel):
    """A registry with three versions."""
    for _ in range(3):
        kept.registry.add(draft, forest.files())
    return kept


def test_a_model_that_was_added_is_there_after_a_restart_and_scores_the_same(
    kept, opened: Callable, draft: ModelCard, forest: ForestModel, vectors: np.ndarray
) -> None:
    card = kept.registry.add(draft, forest.files())
    loaded = opened().registry.load(NAME, card.version)
    assert loaded.card == card
    assert (card.version, card.created_ns) == (1, 1000)
    assert loaded.model.score(vectors).tolist() == forest.score(vectors).tolist()
    scores = np.linspace(0, 12, 50)
    assert loaded.model.survival(scores).tolist() == forest.survival(scores).tolist()


def test_the_same_model_always_has_the_same_files(vectors: np.ndarray, forest: ForestModel) -> None:
    assert ForestModel.fit(forest.features, vectors, trees=10).files() == forest.files()


def test_versions_count_from_one_and_are_listed_in_their_order(three) -> None:
    assert [card.version for card in three.registry.cards(NAME)] == [1, 2, 3]
    assert three.registry.cards() == three.registry.cards(NAME)
    assert three.registry.names() == (NAME,)
    assert [card.version for card in three.registry.cards("flows.pair")] == []


def test_nobody_is_active_before_a_promotion(three) -> None:
    assert three.registry.active(NAME) is None
    assert three.registry.shadow(NAME) is None


def test_a_rollback_leads_to_who_was_active_before_and_at_last_to_nobody(three) -> None:
    registry = three.registry
    registry.promote(NAME, 1)
    registry.promote(NAME, 3)
    registry.promote(NAME, 2)
    seen = [registry.standing(NAME).active]
    seen += [registry.rollback(NAME).active for _ in range(3)]
    assert seen == [2, 3, 1, None]
    with pytest.raises(NoSuchModelError, match="nothing to go back from"):
        registry.rollback(NAME)


def test_a_shadow_stays_while_others_are_promoted_and_ends_when_it_is(three) -> None:
    registry = three.registry
    registry.shadow_with(NAME, 2)
    registry.promote(NAME, 1)
    assert (registry.standing(NAME).active, registry.standing(NAME).shadow) == (1, 2)
    assert registry.shadow(NAME).version == 2
    registry.promote(NAME, 2)
    assert (registry.standing(NAME).active, registry.standing(NAME).shadow) == (2, None)
    registry.shadow_with(NAME, 3)
    assert registry.shadow_with(NAME, None).shadow is None


def test_what_was_done_when_is_kept_and_never_rewritten(three, opened: Callable) -> None:
    three.registry.promote(NAME, 1)
    before = (three.folder / NAME / "history.jsonl").read_bytes()
    other = opened().registry
    other.promote(NAME, 2)
    other.rollback(NAME)
    assert (three.folder / NAME / "history.jsonl").read_bytes().startswith(before)
    told = [(step.did, step.version) for step in three.registry.history(NAME)]
    assert told == [(Did.PROMOTE, 1), (Did.PROMOTE, 2), (Did.ROLLBACK, 2)]
    times = [step.at_ns for step in three.registry.history(NAME)]
    assert times == sorted(times)


def test_another_process_s_promotion_is_seen_at_the_next_look(three, opened: Callable) -> None:
    assert three.registry.standing(NAME).active is None
    opened().registry.promote(NAME, 3)
    assert three.registry.standing(NAME).active == 3


@pytest.mark.parametrize("name", ["..", "../x", "", "a/b", ".lock", "A", "a" * 65, "a..b"])
def test_a_name_that_is_no_folder_of_ours_is_refused(kept, name: str) -> None:
    with pytest.raises(NoSuchModelError):
        kept.registry.load(name, 1)
    with pytest.raises(NoSuchModelError):
        kept.registry.promote(name, 1)


def test_a_version_that_is_not_there_is_said_to_be_missing(three) -> None:
    for act in (three.registry.load, three.registry.promote, three.registry.shadow_with):
        with pytest.raises(NoSuchModelError, match=r"no version 7 of flows\.host\.joint"):
            act(NAME, 7)
    assert three.registry.history(NAME) == ()


def test_writers_at_the_same_time_get_versions_of_their_own(
    opened: Callable, draft: ModelCard, forest: ForestModel
) -> None:
    versions: list[int] = []

    def write() -> None:
        registry = opened().registry
        versions.extend(registry.add(draft, forest.files()).version for _ in range(3))

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(versions) == list(range(1, 10))


def test_a_model_that_could_not_be_loaded_is_not_taken_in(
    kept, draft: ModelCard, forest: ForestModel
) -> None:
    files = {name: data[:-40] for name, data in forest.files().items()}
    with pytest.raises(ModelRefusedError):
        kept.registry.add(draft, files)
    assert kept.registry.cards() == ()
