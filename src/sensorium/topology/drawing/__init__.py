"""The network as a picture, laid out here: the same network is the same picture."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.topology.drawing.svg import picture

__getattr__ = lazy_names(__name__, svg="picture")

__all__ = ["picture"]
