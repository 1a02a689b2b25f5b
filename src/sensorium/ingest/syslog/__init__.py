"""Syslog (RFC 5424 and RFC 3164, mixed) decoded in columns."""

from sensorium.ingest.syslog.config import SyslogConfig
from sensorium.ingest.syslog.decoder import SyslogDecoder

__all__ = ["SyslogConfig", "SyslogDecoder"]
