"""Where acknowledged rows are kept until the store has them, so that no crash loses one."""

from typing import TYPE_CHECKING

from sensorium.ingest.journal.config import JournalConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.journal.journal import Journal
    from sensorium.ingest.journal.segment import Segment

__getattr__ = lazy_names(__name__, journal="Journal", segment="Segment")

__all__ = ["Journal", "JournalConfig", "Segment"]
