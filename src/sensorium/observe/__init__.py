"""Logs, metrics and traces: one façade, handed to each part; no globals."""

from sensorium.observe.facade import Observe

__all__ = ["Observe"]
