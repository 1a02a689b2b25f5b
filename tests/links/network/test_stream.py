"""Windows of a made-up office: which edges come out as unlikely, trained and not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from sensorium.errors import SensoriumError
from sensorium.links.network.memory import TalkMemory
from sensorium.links.network.names import COLUMN
from sensorium.links.network.negatives import absent
from sensorium.links.network.smoothing import burst
from sensorium.links.network.stream import TalkStream
from sensorium.links.network.temporal import Lessons, fit

Pairs = set[tuple[int, int]]


def office(rng: np.random.Generator, windows: int) -> list[Pairs]:
    """Sixty clients in two departments with ten servers each, of which some are used more."""
    talk = []
    for _ in range(windows):
        edges: Pairs = set()
        for client in range(1, 61):
            first = 100 + 10 * (client % 2)
            edges |= {(client, first + int(min(rng.geometric(0.3), 10)) - 1) for _ in range(3)}
        talk.append({edge for edge in sorted(edges) if rng.random() < 0.6})
    return talk


def ends(edges: Pairs) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(sorted(edges), np.uint64).reshape(-1, 2)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


@pytest.fixture(scope="module")
def taught() -> tuple[TalkStream, Lessons]:
    stream, lessons = TalkStream(), Lessons(0)
    for window, edges in enumerate(office(np.random.default_rng(1), 60)):
        lessons.take(stream.memory, *ends(edges), window)
        stream.step(*ends(edges), window)
    return stream, lessons


ODD: dict[str, Pairs] = {
    "a client to a client": {(3, 4)},
    "a server to a client": {(104, 9)},
    "to a stranger": {(7, 999)},
    "from a stranger": {(999, 108)},
    "a sweep": {(5, 900 + i) for i in range(60)},
    "a flood from many": {(2000 + i, 103) for i in range(60)},
}


@pytest.mark.parametrize("trained", [False, True], ids=["untrained", "trained"])
def test_what_does_not_belong_scores_above_what_is_usual(
    taught: tuple[TalkStream, Lessons], *, trained: bool
) -> None:
    stream, lessons = taught
    if trained:
        pytest.importorskip("torch")
        stream = TalkStream(stream.memory)
        stream.adopt(fit(lessons, 0))
    usual = office(np.random.default_rng(2), 1)[0]
    for name, odd in ODD.items():
        got = stream.score(*ends(usual | odd), 60)
        is_odd = np.array([edge in odd for edge in sorted(usual | odd)])
        assert got[is_odd].min() > np.quantile(got[~is_odd], 0.98), name


def test_many_first_contacts_of_one_host_are_odder_than_one(
    taught: tuple[TalkStream, Lessons],
) -> None:
    stream, _ = taught
    few = stream.score(*ends({(5, 900 + i) for i in range(9)}), 60)
    many = stream.score(*ends({(5, 900 + i) for i in range(200)}), 60)
    assert many.min() > few.max() + 1


def test_a_burst_of_known_edges_is_none() -> None:
    known = np.zeros((50, len(COLUMN)), np.float32)
    source, target = np.ones(50, np.uint64), np.arange(50, dtype=np.uint64)
    assert not burst(known, source, target).any()
    known[:, COLUMN["new"]] = 1
    assert burst(known, source, target) == pytest.approx(np.full(50, np.log(51 / 8)))
    known[:, COLUMN["source_firsts"]] = 40
    assert not burst(known, source, target).any()


def test_an_attack_that_comes_again_is_odd_again() -> None:
    stream = TalkStream()
    rng = np.random.default_rng(3)
    talk = office(rng, 80)
    for window, edges in enumerate(talk):
        some = {(int(rng.integers(1, 61)), int(rng.integers(5000, 9000))) for _ in range(20)}
        stream.step(*ends(edges | some), window, trust=window < 60)
    attack = {(5, 900 + i) for i in range(400)}
    for window in (80, 81):
        first = stream.memory.features(*ends(attack), window)[:, COLUMN["new"]]
        assert first.all()
        stream.step(*ends(talk[0] | attack), window)


def test_what_is_drawn_as_absent_is_absent() -> None:
    memory, rng = TalkMemory(), np.random.default_rng(4)
    edges: Pairs = set()
    for window, some in enumerate(office(rng, 5)):
        memory.learn(*ends(some), window, np.ones(len(some), np.bool_))
        edges |= some
    here = office(rng, 1)[0]
    for _ in range(20):
        one, other = absent(memory, *ends(here), rng)
        drawn = set(zip(one.tolist(), other.tolist(), strict=True))
        assert len(one) > len(here) // 3
        assert not drawn & (edges | here)
        assert all(a != b for a, b in drawn)
    assert not len(absent(TalkMemory(), *ends(here), rng)[0])


def test_the_same_seed_trains_the_same_model(taught: tuple[TalkStream, Lessons]) -> None:
    pytest.importorskip("torch")
    stream, lessons = taught
    known = stream.memory.features(*ends(office(np.random.default_rng(5), 1)[0]), 60)
    one, same, other = (fit(lessons, seed).log_odds(known) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_nothing_can_be_learned_from_nothing() -> None:
    pytest.importorskip("torch")
    with pytest.raises(SensoriumError, match="no edges yet"):
        fit(Lessons(0), 0)


def test_training_without_torch_says_what_to_install(
    taught: tuple[TalkStream, Lessons], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SensoriumError) as told:
        fit(taught[1], 0)
    assert "sensorium[graph]" in told.value.next_step


def test_scoring_loads_no_torch() -> None:
    code = (
        "import sys, sensorium.links.network.stream, sensorium.links.network.temporal;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
