"""UDP received at the rate of the wire."""

from sensorium.ingest.transport.udp.receiver import UdpReceiver

__all__ = ["UdpReceiver"]
