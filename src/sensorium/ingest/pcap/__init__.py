"""UDP datagrams out of packet captures: pcap and pcapng."""

from sensorium.ingest.pcap.frames import PcapError
from sensorium.ingest.pcap.reader import is_capture, read_capture

__all__ = ["PcapError", "is_capture", "read_capture"]
