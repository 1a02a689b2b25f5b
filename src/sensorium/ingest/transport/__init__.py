"""How bytes arrive: UDP sockets, scraped targets, and recordings sent over real sockets."""

from typing import TYPE_CHECKING

from sensorium.ingest.transport.config import ScrapeConfig, ScrapeTarget, UdpConfig
from sensorium.ingest.transport.stream.config import (
    IpfixStreamConfig,
    StreamTlsConfig,
    SyslogStreamConfig,
)
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.transport.replay import Destination, ReplayProgress, send_recording
    from sensorium.ingest.transport.scrape import Scraper
    from sensorium.ingest.transport.stream import IpfixStreamReceiver, SyslogStreamReceiver
    from sensorium.ingest.transport.udp import UdpReceiver

__getattr__ = lazy_names(
    __name__,
    replay="Destination ReplayProgress send_recording",
    scrape="Scraper",
    stream="IpfixStreamReceiver SyslogStreamReceiver",
    udp="UdpReceiver",
)

__all__ = [
    "Destination",
    "IpfixStreamConfig",
    "IpfixStreamReceiver",
    "ReplayProgress",
    "ScrapeConfig",
    "ScrapeTarget",
    "Scraper",
    "StreamTlsConfig",
    "SyslogStreamConfig",
    "SyslogStreamReceiver",
    "UdpConfig",
    "UdpReceiver",
    "send_recording",
]
