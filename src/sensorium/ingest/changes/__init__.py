"""Planned changes: calendar entries, deployment events and cron tables, as ``model.Change``."""

from typing import TYPE_CHECKING

from sensorium.ingest.changes.config import ChangesConfig
from sensorium.ingest.changes.problem import Problem
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.changes.calendar import ChangeCalendar, read_calendar
    from sensorium.ingest.changes.columns import from_rows, to_batch
    from sensorium.ingest.changes.crontab import CronJob, Crontab, read_crontab
    from sensorium.ingest.changes.deployments import read_deployments
    from sensorium.ingest.changes.reader import ChangeReader, Reading
    from sensorium.ingest.changes.volume import parse_volume

__getattr__ = lazy_names(
    __name__,
    calendar="ChangeCalendar read_calendar",
    columns="from_rows to_batch",
    crontab="CronJob Crontab read_crontab",
    deployments="read_deployments",
    reader="ChangeReader Reading",
    volume="parse_volume",
)

__all__ = [
    "ChangeCalendar",
    "ChangeReader",
    "ChangesConfig",
    "CronJob",
    "Crontab",
    "Problem",
    "Reading",
    "from_rows",
    "parse_volume",
    "read_calendar",
    "read_crontab",
    "read_deployments",
    "to_batch",
]
