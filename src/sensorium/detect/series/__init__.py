"""Streaming detection on single metric series: a score for each row from the rows before it."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.detect.series.alarm import Alarm, alarms
    from sensorium.detect.series.detector import SeriesDetector, history_rows
    from sensorium.detect.series.scoring import ALARM, Constants, Rows

__getattr__ = lazy_names(
    __name__,
    alarm="Alarm alarms",
    detector="SeriesDetector history_rows",
    scoring="ALARM Constants Rows",
)

__all__ = ["ALARM", "Alarm", "Constants", "Rows", "SeriesDetector", "alarms", "history_rows"]
