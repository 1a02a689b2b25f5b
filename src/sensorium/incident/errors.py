"""Why something was not done to an incident. It stays as it was in every case."""

from __future__ import annotations

from sensorium.errors import SensoriumError


class IncidentError(SensoriumError):
    """Base of every refusal that concerns an incident."""

    exit_code = 2


class IncidentNotFoundError(IncidentError):
    """There is no incident of that id."""

    def __init__(self, incident_id: str) -> None:
        super().__init__(
            f"there is no incident {incident_id}", next_step="see: sensorium incident list"
        )


class InvalidLabelError(IncidentError):
    """A label without a name under it, or that is none of those there are."""


class MergedIncidentError(IncidentError):
    """The incident has become part of another, and what is said is said of the whole."""


class TooFewLabelsError(IncidentError):
    """People said too little, or always the same, for anything to be learned from it."""
