"""A restart after any window, however it came about: incidents are those of an unbroken run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from sensorium.model.anomaly import Anomaly
from sensorium.model.incident import Incident
from sensorium.observe import Observe
from sensorium.pipeline.config import PipelineConfig
from sensorium.pipeline.resumption import Resumption
from sensorium.pipeline.turn import Parts, Pipeline
from sensorium.store.records import Records, open_records
from sensorium.store.records.config import RecordsConfig
from tests.incident import streams
from tests.incident.streams import WINDOW, at

STREAM = [*streams.intrusion(300), *streams.service_failure(390), *streams.link_fault(510)]
FIRST, LAST = 240, 1500


class Detection:
    """Stands where detection stands, and finds each window's anomalies anew whenever asked."""

    waiting_ns: int | None = None
    stream: Sequence[Anomaly] = STREAM

    def advance(self, end_ns: int) -> Sequence[Anomaly]:
        return [anomaly for anomaly in self.stream if anomaly.end_ns == end_ns]

    def restore_templates(self, templates: pa.Table) -> None:
        """There are none."""


class Telemetry:
    """Stands where a store without telemetry stands."""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        table = pa.table({"oldest": [0], "newest": [0]})
        return table if parameters is None else table.slice(1)

    def flush(self) -> None:
        """Nothing waits."""


class Process:
    """What a service has of its pipeline, from a start to its end."""

    def __init__(self, folder: Path) -> None:
        self.observe = Observe()
        self.records = open_records(RecordsConfig(), self.observe, data_dir=folder)
        self.detection = Detection()
        self.incidents = streams.manager(observe=self.observe)
        nothing = SimpleNamespace(gather=lambda _: None, advance=lambda _: None)
        parts: Any = SimpleNamespace(
            observe=self.observe,
            records=self.records,
            engine=self.detection,
            telemetry=Telemetry(),
            changes=SimpleNamespace(around=lambda _: []),
            incidents=self.incidents,
            identities=nothing,
            graph=nothing,
            investigate=self.investigate,
            order=list,
        )
        assert {*vars(parts)} <= {*Parts.__dataclass_fields__}
        self.pipeline = Pipeline(parts, PipelineConfig(), window_s=WINDOW, lateness_s=0)
        inquest: Any = SimpleNamespace(finish_interrupted=lambda _: [], not_begun=self.not_begun)
        memory: Any = SimpleNamespace(restore=lambda _: None)
        telemetry: Any = parts.telemetry
        Resumption(
            self.pipeline,
            inquest,
            self.records,
            telemetry,
            memory,
            self.observe,
            hours=0,
            clock_ns=lambda: at(LAST),
        ).run()

    def investigate(self, incident: Incident, until_ns: int) -> Incident:
        self.records.incidents.save(incident, at_ns=until_ns)
        return incident

    def not_begun(self) -> Sequence[Incident]:
        return self.records.incidents.list(states=["investigating"], limit=None)

    def see(self, since: int, until: int) -> Process:
        for second in range(since, until, WINDOW):
            self.pipeline.advance(at(second))
        return self

    def end(self) -> None:
        self.records.close()

    def found(self) -> list[Incident]:
        return sorted(self.records.incidents.list(limit=None), key=lambda i: (i.start_ns, i.id))

    def restores(self, outcome: str) -> float:
        name = "sensorium_incident_restores_total"
        return self.observe.registry.get_sample_value(name, {"outcome": outcome}) or 0.0


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Incident]:
    process = Process(tmp_path_factory.mktemp("unbroken")).see(FIRST, LAST)
    process.end()
    assert len(process.found()) > 1
    return process.found()


def test_one_restart_after_the_other_finds_the_incidents_of_an_unbroken_run(
    tmp_path: Path, unbroken: Sequence[Incident]
) -> None:
    Process(tmp_path).see(FIRST, FIRST + 2 * WINDOW).end()
    step = 4 * WINDOW
    for second in range(FIRST + 2 * WINDOW, LAST, step):
        process = Process(tmp_path).see(second, second + step)
        assert process.restores("used") == 1
        process.end()
    assert process.found() == unbroken


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Records]:
    """The records of a process that was killed while incidents were open and in the making."""
    process = Process(tmp_path).see(FIRST, 510)
    yield process.records
    process.end()


@pytest.mark.parametrize(
    ("statement", "outcome"),
    [
        ("DELETE FROM meta WHERE key = 'incident_groups'", "none"),
        ("UPDATE meta SET value = '{' WHERE key = 'incident_groups'", "refused"),
        ("UPDATE meta SET value = '[]' WHERE key = 'incident_groups'", "refused"),
        ("UPDATE meta SET value = replace(value, 'format\": 1', 'format\": 2')", "refused"),
        ("UPDATE meta SET value = value + 30000000000 WHERE key = 'watermark_ns'", "refused"),
        ("UPDATE meta SET value = value - 30000000000 WHERE key = 'watermark_ns'", "refused"),
        ("UPDATE incident_groups SET content = 'null'", "refused"),
        ("UPDATE incident_groups SET content = replace(content, 'members', 'more')", "refused"),
        ("DELETE FROM incident_groups WHERE number = (SELECT max(number) FROM incident_groups)",
         "refused"),
        ("DELETE FROM anomalies WHERE id = (SELECT max(id) FROM anomalies)", "refused"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_a_reason_and_incidents_are_grouped_again(
    tmp_path: Path,
    stopped: Records,
    capsys: pytest.CaptureFixture[str],
    statement: str,
    outcome: str,
) -> None:
    before = {incident.id for incident in stopped.incidents.list()}
    assert before
    with stopped.writing() as connection:
        assert connection.execute(text(statement)).rowcount
    again = Process(tmp_path)
    assert again.restores(outcome) == 1
    assert "what grouping knew is not used" in capsys.readouterr().err
    assert {incident.id for incident in again.incidents.incidents()} == before
    # What is written from here on is whole again.
    again.see(540, 600).end()
    assert Process(tmp_path).restores("used") == 1


def test_a_full_disk_puts_a_window_off_and_loses_nothing_of_it(
    tmp_path: Path, unbroken: Sequence[Incident]
) -> None:
    process = Process(tmp_path).see(FIRST, 390)
    with process.records.writing() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(OperationalError, match="full"):
        process.see(390, 600)
    stands_ns = process.pipeline.watermark_ns
    with pytest.raises(OperationalError, match="full"):
        process.see(390, 600)
    assert process.pipeline.watermark_ns == stands_ns
    with process.records.writing() as connection:
        connection.execute(text("PRAGMA max_page_count = 1000000"))
    process.see(390, LAST).end()
    assert process.found() == unbroken


def test_of_a_time_that_comes_twice_incidents_are_settled_and_none_has_the_name_of_another(
    tmp_path: Path,
) -> None:
    process = Process(tmp_path).see(FIRST, 540)
    assert {"open", "investigating"} & {incident.state for incident in process.found()}
    process.pipeline.wind_up(settle_s=60)
    before = process.found()
    assert {incident.state for incident in before} == {"investigating"}, "each is settled"
    twice = range(at(FIRST + 60) + 1, process.pipeline.watermark_ns + 1)
    told = len({anomaly.id for anomaly in STREAM if anomaly.end_ns in twice})
    process.pipeline.relearn(process.pipeline.go_back(at(FIRST + 60)), [])
    process.detection.stream = [*STREAM, *streams.link_fault(330)]
    process.see(FIRST + 60, LAST)
    value = process.observe.registry.get_sample_value
    assert value("sensorium_anomalies_told_before_total") == told
    process.end()
    after = process.found()
    assert [i for i in after if i.id in {b.id for b in before}] == before, "they stay as they are"
    assert len(after) > len(before)
    # What was kept of the groups that are gone is gone, too, and a restart goes on.
    again = Process(tmp_path)
    assert again.restores("used") == 1
    assert again.found() == after
    again.end()
