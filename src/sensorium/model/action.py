"""An action: exactly what would be sent to what, how to undo it, and how risky it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sensorium.model.canonical import digest


class RiskTier(StrEnum):
    """How much can break: read-only, one host, one service, many services."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Action:
    """A proposed change to the network. Data only: nothing here can run by itself.

    ``commands`` are the exact lines to run on ``target``, in order; ``rollback`` undoes them.
    ``digest`` is the SHA-256 over the canonical JSON of every other field: an approval names it.
    """

    incident_id: str
    connector: str
    target: str
    title: str
    commands: tuple[str, ...]
    rollback: tuple[str, ...]
    risk: RiskTier
    rationale: str
    digest: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        content = {
            "incident_id": self.incident_id,
            "connector": self.connector,
            "target": self.target,
            "title": self.title,
            "commands": list(self.commands),
            "rollback": list(self.rollback),
            "risk": self.risk,
            "rationale": self.rationale,
        }
        computed = digest(content)
        if self.digest and self.digest != computed:
            raise ValueError("action digest does not match its content")
        object.__setattr__(self, "digest", computed)
