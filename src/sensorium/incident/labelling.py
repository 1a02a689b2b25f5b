"""People say what an incident was: each word is kept, under the name of who said it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sensorium.incident.errors import (
    IncidentNotFoundError,
    InvalidLabelError,
    MergedIncidentError,
)
from sensorium.model.incident import IncidentState
from sensorium.model.label import Label, Opinion

if TYPE_CHECKING:
    from sensorium.store.records import Records

LONGEST_ACTOR = 256
LONGEST_NOTE = 4096


class LabelDesk:
    """Takes labels. A label changes nothing about its incident: it closes and hides nothing.

    ``clock`` gives the present in Unix nanoseconds.
    """

    def __init__(self, records: Records, clock: Callable[[], int]) -> None:
        self._records = records
        self._clock = clock

    def label(
        self, incident_id: str, opinion: Opinion | str, *, actor: str, note: str = ""
    ) -> Label:
        """Keep what ``actor`` says of an incident, in one transaction with its audit entry.

        Raises IncidentNotFoundError, InvalidLabelError, or MergedIncidentError where the incident
        has become part of another.
        """
        said = Label(incident_id, _opinion(opinion), actor.strip(), note.strip(), self._clock())
        if not said.actor:
            raise InvalidLabelError(
                "a label needs a name under it", next_step="say who you are with --actor"
            )
        if len(said.actor) > LONGEST_ACTOR or len(said.note) > LONGEST_NOTE:
            raise InvalidLabelError(
                f"a name has at most {LONGEST_ACTOR} characters and a note {LONGEST_NOTE}",
                unaffected="nothing was recorded",
            )
        with self._records.writing() as transaction:
            incident = self._records.incidents.get(incident_id, within=transaction)
            if incident is None:
                raise IncidentNotFoundError(incident_id)
            if incident.state is IncidentState.MERGED:
                raise MergedIncidentError(
                    f"{incident_id} is {incident.proof or 'part of another incident'}",
                    unaffected="nothing was recorded",
                    next_step="label the incident that it is part of",
                )
            self._records.labels.add(said, within=transaction)
        return said


def _opinion(value: Opinion | str) -> Opinion:
    try:
        return Opinion(value)
    except ValueError:
        known = ", ".join(Opinion)
        raise InvalidLabelError(f"{value!r} is no label", next_step=f"say one of {known}") from None
