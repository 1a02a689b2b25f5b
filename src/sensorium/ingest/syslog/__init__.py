"""Syslog (RFC 5424 and RFC 3164, mixed) decoded in columns."""

from typing import TYPE_CHECKING

from sensorium.ingest.syslog.config import SyslogConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.syslog.decoder import SyslogDecoder

__getattr__ = lazy_names(__name__, decoder="SyslogDecoder")

__all__ = ["SyslogConfig", "SyslogDecoder"]
