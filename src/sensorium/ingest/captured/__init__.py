"""Captures as what decoders take: datagrams, messages of connections, and bodies of HTTP."""

from sensorium.ingest.captured.body import Body
from sensorium.ingest.captured.reader import read_capture
from sensorium.ingest.captured.spoken import Spoken

__all__ = ["Body", "Spoken", "read_capture"]
