"""Packet captures, pcap and pcapng: UDP datagrams, TCP connections and SCTP messages."""

from sensorium.ingest.pcap.frames import PcapError
from sensorium.ingest.pcap.parts import Part
from sensorium.ingest.pcap.reader import Datagram, is_capture, read_packets
from sensorium.ingest.pcap.transport import Ends

__all__ = ["Datagram", "Ends", "Part", "PcapError", "is_capture", "read_packets"]
