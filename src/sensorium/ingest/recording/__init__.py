"""A recording: a folder that holds what a network sent, byte for byte, and when."""

from sensorium.ingest.recording.manifest import Manifest, RecordingError
from sensorium.ingest.recording.reader import Recording
from sensorium.ingest.recording.writer import RecordingWriter

__all__ = ["Manifest", "Recording", "RecordingError", "RecordingWriter"]
