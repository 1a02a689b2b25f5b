"""Why a model, or a file of it, is not used."""

from __future__ import annotations

from enum import StrEnum

from sensorium.errors import SensoriumError, UsageError

AGAIN = "train it again: sensorium models train"


class Refusal(StrEnum):
    """What was wrong, as the counter's label says it."""

    MISSING = "missing"
    CARD = "card"
    DIGEST = "digest"
    FORMAT = "format"
    SHAPE = "shape"
    RANGE = "range"


class ModelRefusedError(SensoriumError):
    """A model's files are not such as could be used; none of them was used."""

    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(
            message,
            unaffected="no file of it was used; the model before it stays in place",
            next_step=AGAIN,
        )
        self.reason = reason


class NoSuchModelError(UsageError):
    """A name or version that the registry does not have."""
