"""Syslog over streams: TCP, TLS and Unix sockets, deframed in one thread."""

from typing import TYPE_CHECKING

from sensorium.ingest.transport.stream.config import StreamTlsConfig, SyslogStreamConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.transport.stream.receiver import SyslogStreamReceiver

__getattr__ = lazy_names(__name__, receiver="SyslogStreamReceiver")

__all__ = ["StreamTlsConfig", "SyslogStreamConfig", "SyslogStreamReceiver"]
