"""What grouping knows outlasts the process: a restart after any window changes nothing at all."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.incident import IncidentConfig, IncidentManager
from sensorium.incident.keeping import Kept
from sensorium.model.anomaly import Anomaly
from sensorium.model.change import Change
from sensorium.model.incident import Incident, IncidentState, Verdict
from sensorium.state.arrays import StateError
from tests.incident import storms, streams
from tests.incident.streams import WINDOW, at
from tests.incident.test_storm import drama

Manager = Callable[[], IncidentManager]


@dataclass
class Records:
    """What was written after each window, as the store keeps it."""

    common: str = ""
    groups: dict[int, str] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    anomalies: dict[str, Anomaly] = field(default_factory=dict)
    rewritten: int = 0

    def write(self, manager: IncidentManager) -> None:
        news = manager.news()
        self.common = json.dumps(news.common)
        self.groups |= {number: json.dumps(group) for number, group in news.groups.items()}
        for number in news.gone:
            del self.groups[number]
        self.rewritten = len(news.groups)
        manager.written(news)

    def kept(self) -> Kept:
        groups = {number: json.loads(group) for number, group in self.groups.items()}
        return Kept(json.loads(self.common), groups)

    def resume(self, manager: IncidentManager) -> IncidentManager:
        kept = self.kept()
        manager.resume(
            kept,
            [self.incidents[incident_id] for incident_id in kept.incident_ids()],
            [self.anomalies[anomaly_id] for anomaly_id in kept.anomaly_ids()],
        )
        return manager


def life(
    make: Manager, stream: list[Anomaly], seed: int, restarts: set[int]
) -> tuple[list[Any], Records]:
    """All that happens to the stream's incidents, with restarts after some of the windows."""
    rng = random.Random(seed)
    stream = list({a.id: a for a in stream}.values())  # chance tells some twice
    manager, records, steps = make(), Records(), []
    for second in range(0, 1500, WINDOW):
        now = at(second)
        found = [a for a in stream if a.end_ns == now]
        updates = manager.fold(found, now)
        records.anomalies |= {a.id: a for a in found}
        records.incidents |= {i.id: i for i in updates.changed}
        records.write(manager)
        for name in ("opened", "joined", "settled", "reopened", "merged"):
            steps += [(second, name, incident) for incident in getattr(updates, name)]
        for incident in updates.settled:
            if incident.state is IncidentState.INVESTIGATING and rng.random() < 0.8:
                done = replace(incident, state=IncidentState.ESCALATED, verdict=Verdict.CONFIRMED)
                records.incidents[done.id] = done
                manager.concluded(done)
        if second in restarts:
            manager = records.resume(make())
    return steps, records


def manager_of(changes: list[Change], **changed: Any) -> Manager:
    return lambda: streams.manager(*changes, config=IncidentConfig(**changed))


@given(seed=st.integers(0, 10_000), size=st.integers(0, 60), data=st.data())
@settings(max_examples=8)
def test_a_restart_after_any_window_changes_nothing(
    seed: int, size: int, data: st.DataObject
) -> None:
    stream, changes = drama(seed, size)
    cuts = st.sets(st.integers(1, 49), min_size=1, max_size=4)
    restarts = {cut * WINDOW for cut in data.draw(cuts)}
    make = manager_of(changes)
    whole, _ = life(make, stream, seed, set())
    assert life(make, stream, seed, restarts)[0] == whole


def test_a_restart_in_a_storm_that_compares_few_changes_nothing() -> None:
    storm = storms.mixture(3, 200)
    make = manager_of([], max_comparisons=40)
    whole, _ = life(make, storm, 3, set())
    assert whole
    assert life(make, storm, 3, set(range(0, 1500, 3 * WINDOW)))[0] == whole


def test_only_groups_with_news_are_written_again() -> None:
    manager, records = streams.manager(), Records()
    for second in (600, 630, 660):
        found = [a for a in streams.intrusion(600) if a.end_ns == at(second)]
        manager.fold(found, at(second))
        records.write(manager)
    assert records.rewritten
    records.write(manager)
    assert records.rewritten == 0
    records.anomalies = {a.id: a for a in streams.intrusion(600)}
    records.incidents = {i.id: i for i in manager.incidents()}
    records.write(records.resume(streams.manager()))
    assert records.rewritten == 0
    manager.fold([], at(2400))
    records.write(manager)
    assert records.groups == {}


@pytest.mark.parametrize(
    "damage",
    [
        lambda common, _: common.update(format=2),
        lambda common, _: common.update(groups=[*common["groups"], 10_000]),
        lambda common, _: common.pop("rarity"),
        lambda common, _: common.update(waiting=["A-unknown"]),
        lambda _, group: group.update(members=[]),
        lambda _, group: group["members"][0].__setitem__(0, "A-unknown"),
        lambda _, group: group["members"].__setitem__(0, None),
        lambda _, group: group.update(incident="INC-unknown"),
        lambda _, group: group.update(touches=None),
        lambda _, group: group.update(change={"ref": "CHG-1"}),
        lambda _, group: group.update(start_ns="soon"),
    ],
)
def test_what_is_not_whole_is_refused_and_nothing_is_changed(
    damage: Callable[[dict[str, Any], dict[str, Any]], object],
) -> None:
    manager = streams.manager()
    stream = streams.intrusion(600)
    for second in range(600, 780, WINDOW):
        manager.fold([a for a in stream if a.end_ns == at(second)], at(second))
    records = Records(
        incidents={i.id: i for i in manager.incidents()}, anomalies={a.id: a for a in stream}
    )
    records.write(manager)
    kept = records.kept()
    damage(kept.common, kept.groups[min(kept.groups)])  # type: ignore[arg-type]  # both are dicts
    other = streams.manager()
    before = other.news()
    with pytest.raises(StateError, match=r"what was kept of groups|were kept in format"):
        other.resume(kept, records.incidents.values(), records.anomalies.values())
    assert other.news() == before
