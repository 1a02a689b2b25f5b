"""Grouping that compares little gives what comparing everything gives, and ends in a storm."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.incident import IncidentConfig, IncidentManager
from sensorium.incident.cluster import CHANCE_DECADES, cover, surprise_of
from sensorium.incident.footprint import Footprint, footprint
from sensorium.incident.tally import Tally
from sensorium.model.anomaly import Anomaly
from sensorium.model.change import Change
from sensorium.model.incident import Incident, IncidentState, Verdict
from sensorium.observe import Observe
from tests.incident import storms, streams
from tests.incident.slow_grouping import slow_cover, slow_manager
from tests.incident.streams import WINDOW, at

Step = tuple[int, str, Incident]


def prints(seed: int, size: int) -> list[Footprint]:
    """Footprints of a random stream, of surprises that add up inexactly."""
    rng = random.Random(seed)
    once = {a.id: a for a in storms.mixture(seed, size)}
    return [footprint(a, str, surprise=round(rng.uniform(0.1, 8), 3)) for a in once.values()]


def drama(seed: int, size: int) -> tuple[list[Anomaly], list[Change]]:
    """A random stream with some real causes in it, and perhaps announced work."""
    rng = random.Random(seed)
    causes = (streams.intrusion, streams.service_failure, streams.link_fault)
    stream = storms.mixture(seed, size)
    for cause in rng.sample(causes, rng.randrange(3)):
        stream += cause(rng.uniform(0, 600))
    announced = [streams.backup_change(rng.choice((270, 600))), streams.deployment_change(590)]
    stream += streams.backup(300) if rng.random() < 0.5 else streams.deployment(600)
    return stream, rng.sample(announced, rng.randrange(3))


def life(manager: IncidentManager, stream: list[Anomaly], seed: int) -> list[Step]:
    """All that happens to the stream's incidents; some are concluded on the way."""
    rng = random.Random(seed)
    steps: list[Step] = []
    for second in range(0, 2100, WINDOW):
        now = at(second)
        updates = manager.fold([a for a in stream if a.end_ns == now], now)
        for name in ("opened", "joined", "settled", "reopened", "merged"):
            steps += [(second, name, incident) for incident in getattr(updates, name)]
        for incident in updates.settled:
            if incident.state is IncidentState.INVESTIGATING and rng.random() < 0.8:
                found = IncidentState.ESCALATED
                manager.concluded(replace(incident, state=found, verdict=Verdict.CONFIRMED))
    return steps


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 120))
def test_comparing_what_has_something_in_common_finds_what_comparing_all_finds(
    seed: int, size: int
) -> None:
    stream, changes = drama(seed, size)
    found = life(streams.manager(*changes), stream, seed)
    with pytest.MonkeyPatch.context() as patch:
        slow = life(slow_manager(patch, lambda: streams.manager(*changes)), stream, seed)
    assert found == slow


@given(seed=st.integers(0, 2**32), size=st.integers(1, 60))
def test_the_hosts_that_explain_most_are_those_that_adding_up_anew_finds(
    seed: int, size: int
) -> None:
    some = prints(seed, size)
    fast, slow = cover(some), slow_cover(some)
    assert [(c.anchor, c.members) for c in fast] == [(c.anchor, c.members) for c in slow]


@given(seed=st.integers(0, 2**32), size=st.integers(1, 60), cuts=st.sets(st.integers(0, 60)))
def test_surprise_that_is_kept_is_the_surprise_of_all_to_the_last_bit(
    seed: int, size: int, cuts: set[int]
) -> None:
    members = prints(seed, size)
    random.Random(seed).shuffle(members)
    tally = Tally()
    for start, end in pairwise([0, *sorted(cuts), size]):
        tally.add(members[start:end])
        so_far = members[: tally.count]
        assert tally.total() == surprise_of(so_far)
        assert tally.beyond_chance() == surprise_of(so_far, allowance=CHANCE_DECADES)
    middle = at(450)
    early = [m for m in members if m.anomaly.end_ns <= middle]
    assert tally.beyond_chance(middle) == surprise_of(early, allowance=CHANCE_DECADES)


def test_a_storm_beyond_what_is_compared_is_grouped_in_turn_and_counted() -> None:
    observe = Observe()
    config = IncidentConfig(max_comparisons=200)
    stream = storms.outage(1, 600)
    manager = streams.manager(config=config, observe=observe)
    manager.fold(stream, at(630))
    opened = manager.fold([], at(1200)).opened
    assert observe.value("sensorium_incident_in_turn_total") > 50
    grouped = [i for incident in opened for i in incident.anomaly_ids]
    assert len(grouped) == len(set(grouped)) > 0
    labels = {"as": "unexplained"}
    assert observe.value("sensorium_incident_anomalies_total", labels) == len(stream)


def test_a_storm_grouped_in_turn_makes_about_as_many_incidents_as_comparing_all_would() -> None:
    stream = storms.outage(1, 300)
    counts = []
    for comparisons in (1, 10**9):
        manager = streams.manager(config=IncidentConfig(max_comparisons=comparisons))
        manager.fold(stream, at(630))
        counts.append(len(manager.fold([], at(1200)).opened))
    in_turn, all_compared = counts
    assert 0 < all_compared <= in_turn <= 2 * all_compared
