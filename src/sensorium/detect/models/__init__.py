"""Models that are trained from what was stored: what they are, where they lie, which one counts.

Nothing here is ever unpickled; see :mod:`sensorium.detect.models.registry`.
"""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.detect.models.card import ModelCard, ModelKind
    from sensorium.detect.models.history import Standing
    from sensorium.detect.models.protocol import VectorModel
    from sensorium.detect.models.registry import Loaded, ModelRegistry

__getattr__ = lazy_names(
    __name__,
    card="ModelCard ModelKind",
    protocol="VectorModel",
    history="Standing",
    registry="Loaded ModelRegistry",
)

__all__ = ["Loaded", "ModelCard", "ModelKind", "ModelRegistry", "Standing", "VectorModel"]
