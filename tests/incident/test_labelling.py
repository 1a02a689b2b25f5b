"""People label incidents, by the rules of the desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sensorium.incident.errors import (
    IncidentNotFoundError,
    InvalidLabelError,
    MergedIncidentError,
)
from sensorium.incident.labelling import LONGEST_NOTE, LabelDesk
from sensorium.model.incident import IncidentState
from sensorium.model.label import Label, Opinion
from sensorium.observe import Observe
from sensorium.store.records import Records, RecordsConfig, open_records
from tests.store.records import samples

ID = "INC-00000001"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(RecordsConfig(), Observe(), data_dir=tmp_path)
    opened.incidents.save(samples.incident(ID))
    yield opened
    opened.close()


def test_a_label_is_kept_with_who_said_it_and_leaves_the_incident_as_it_is(
    records: Records,
) -> None:
    before = records.incidents.get(ID)
    said = LabelDesk(records, lambda: 5).label(ID, "false_alarm", actor=" anna ", note=" a test ")
    assert said == Label(ID, Opinion.FALSE_ALARM, "anna", "a test", 5)
    assert records.labels.of_incident(ID) == (said,)
    assert records.incidents.get(ID) == before


@pytest.mark.parametrize(
    ("opinion", "actor", "note", "words"),
    [
        ("confirmed", "  ", "", "needs a name"),
        ("dull", "anna", "", "no label"),
        ("planned", "anna", "x" * (LONGEST_NOTE + 1), "at most"),
    ],
)
def test_a_wrong_label_is_refused_and_nothing_is_kept(
    records: Records, opinion: str, actor: str, note: str, words: str
) -> None:
    entries = records.audit.verify().entries
    with pytest.raises(InvalidLabelError, match=words):
        LabelDesk(records, lambda: 5).label(ID, opinion, actor=actor, note=note)
    assert records.labels.latest() == {}
    assert records.audit.verify().entries == entries


def test_an_incident_that_is_unknown_or_part_of_another_takes_no_label(records: Records) -> None:
    desk = LabelDesk(records, lambda: 5)
    with pytest.raises(IncidentNotFoundError, match="INC-nobody"):
        desk.label("INC-nobody", "planned", actor="anna")
    merged = replace(samples.incident(ID), state=IncidentState.MERGED, proof="part of INC-2")
    records.incidents.save(merged)
    with pytest.raises(MergedIncidentError, match="part of INC-2"):
        desk.label(ID, "planned", actor="anna")
    assert records.labels.latest() == {}
