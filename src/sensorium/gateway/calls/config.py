"""Settings of how calls are accounted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sensorium.component import setting


class UnknownUse(StrEnum):
    """What a call is charged that was cut off before its provider told what it used.

    ``worst``: the whole answer that was reserved for it; ``seen``: its input and what had arrived
    of the answer, as estimated.
    """

    WORST = "worst"
    SEEN = "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsConfig:
    """How calls are reserved and charged."""

    lease_s: float = setting(
        60.0, "seconds after which a reservation of a process that died is let go", ge=5, le=3600
    )
    unknown_max_output_tokens: int = setting(
        16_384,
        "most tokens of an answer where neither the caller, the deployment nor the prices say it",
        ge=1,
    )
    unknown_use: UnknownUse = setting(
        UnknownUse.SEEN, "what a call that was cut off is charged: worst or seen"
    )
