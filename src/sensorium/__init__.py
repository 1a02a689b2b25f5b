"""Sensorium: network telemetry in, a few reasoned incidents out."""

__version__ = "0.1.0"
