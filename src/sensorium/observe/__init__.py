"""Logs, metrics and traces: one façade, handed to each part; no globals."""

from sensorium.observe.facade import Observe
from sensorium.observe.opening import open_observe

__all__ = ["Observe", "open_observe"]
