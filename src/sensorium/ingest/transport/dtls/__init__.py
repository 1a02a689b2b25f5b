"""IPFIX and syslog over DTLS: one thread a protocol, and OpenSSL through pyOpenSSL."""

from typing import TYPE_CHECKING

from sensorium.ingest.transport.dtls.config import DtlsConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.transport.dtls.receiver import DtlsReceiver

__getattr__ = lazy_names(__name__, receiver="DtlsReceiver")

__all__ = ["DtlsConfig", "DtlsReceiver"]
