"""Why a request to score is refused, in words for people and in a status for programs."""

from __future__ import annotations

from enum import StrEnum

from sensorium.errors import SensoriumError


class Reason(StrEnum):
    """Why a request was refused: the label of ``sensorium_detect_serving_refused``."""

    ACCEPT = "accept"
    BUSY = "busy"
    COLUMNS = "columns"
    CONTENT_ENCODING = "content_encoding"
    CONTENT_TYPE = "content_type"
    DECOMPRESSED = "decompressed"
    DISCONNECTED = "disconnected"
    FIELDS = "fields"
    HISTORY = "history"
    MALFORMED = "malformed"
    MODEL = "model"
    RATE = "rate"
    ROWS = "rows"
    SLOW = "slow"
    TIMES = "times"
    TOO_LARGE = "too_large"
    UNDECODABLE = "undecodable"
    UNKNOWN_MODEL = "unknown_model"
    VALUES = "values"


class RefusedError(SensoriumError):
    """A request that is not answered. ``retry_after_s`` is 0 where trying again is no use."""

    def __init__(
        self,
        status: int,
        reason: Reason,
        message: str,
        *,
        next_step: str = "",
        retry_after_s: float = 0.0,
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s


def wrong(reason: Reason, message: str, next_step: str = "") -> RefusedError:
    """A body that was understood and cannot be scored: 422."""
    return RefusedError(422, reason, message, next_step=next_step)


def shown(text: object, most: int = 60) -> str:
    """What somebody sent, quoted and cut short, for a message."""
    quoted = repr(text)
    return quoted if len(quoted) <= most else f"{quoted[: most - 4]}...{quoted[-1]}"
