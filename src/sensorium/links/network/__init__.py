"""Who talks to whom on a network, window by window, and how unlikely each new talk is."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.links.network.memory import TalkMemory
    from sensorium.links.network.stream import TalkStream

__getattr__ = lazy_names(__name__, memory="TalkMemory", stream="TalkStream")

__all__ = ["TalkMemory", "TalkStream"]
