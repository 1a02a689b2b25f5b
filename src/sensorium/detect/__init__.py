"""Detection: every record is scored, the improbable one in a thousand passes, with its reasons."""

from typing import TYPE_CHECKING

from sensorium.detect.config import DetectConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.detect.engine import DetectionEngine
    from sensorium.detect.stats import DetectStats

__getattr__ = lazy_names(__name__, engine="DetectionEngine", stats="DetectStats")

__all__ = ["DetectConfig", "DetectStats", "DetectionEngine"]
