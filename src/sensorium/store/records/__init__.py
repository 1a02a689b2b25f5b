"""Incidents, anomalies, evidence, approvals and audit, in SQL: SQLite or PostgreSQL."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.store.records.audit import AuditEntry, AuditVerdict
    from sensorium.store.records.briefs import Brief
    from sensorium.store.records.config import RecordsConfig
    from sensorium.store.records.incidents import IncidentEvent
    from sensorium.store.records.records import Records, open_records

__getattr__ = lazy_names(
    __name__,
    audit="AuditEntry AuditVerdict",
    briefs="Brief",
    config="RecordsConfig",
    incidents="IncidentEvent",
    records="Records open_records",
)

__all__ = [
    "AuditEntry",
    "AuditVerdict",
    "Brief",
    "IncidentEvent",
    "Records",
    "RecordsConfig",
    "open_records",
]
