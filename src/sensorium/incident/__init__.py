"""Incidents: anomalies of one cause, found, described and moved through their life."""

from typing import TYPE_CHECKING

from sensorium.incident.config import IncidentConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.incident.grouping import IncidentManager, IncidentUpdates

__getattr__ = lazy_names(__name__, grouping="IncidentManager IncidentUpdates")

__all__ = ["IncidentConfig", "IncidentManager", "IncidentUpdates"]
