"""Reasoning: investigates incidents, cites evidence, proposes, and waits for a person."""

from typing import TYPE_CHECKING

from sensorium.agent.settings import AgentConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.agent.deps import AgentDeps
    from sensorium.agent.investigator import Investigator
    from sensorium.agent.naming import Names
    from sensorium.agent.on_call import OnCall
    from sensorium.agent.result import InvestigationResult, PendingInvestigation

__getattr__ = lazy_names(
    __name__,
    deps="AgentDeps",
    investigator="Investigator",
    naming="Names",
    on_call="OnCall",
    result="InvestigationResult PendingInvestigation",
)

__all__ = [
    "AgentConfig",
    "AgentDeps",
    "InvestigationResult",
    "Investigator",
    "Names",
    "OnCall",
    "PendingInvestigation",
]
