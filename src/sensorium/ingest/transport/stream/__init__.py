"""What comes over connections, in one thread a protocol: syslog and IPFIX."""

from typing import TYPE_CHECKING

from sensorium.ingest.transport.stream.config import (
    IpfixStreamConfig,
    StreamTlsConfig,
    SyslogStreamConfig,
)
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.transport.stream.receiver import (
        IpfixStreamReceiver,
        SyslogStreamReceiver,
    )

__getattr__ = lazy_names(__name__, receiver="IpfixStreamReceiver SyslogStreamReceiver")

__all__ = [
    "IpfixStreamConfig",
    "IpfixStreamReceiver",
    "StreamTlsConfig",
    "SyslogStreamConfig",
    "SyslogStreamReceiver",
]
