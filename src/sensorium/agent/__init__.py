"""Reasoning: investigates incidents, cites evidence, proposes, and waits for a person."""

from sensorium.agent.deps import AgentDeps
from sensorium.agent.investigator import Investigator
from sensorium.agent.naming import Names
from sensorium.agent.result import InvestigationResult, PendingInvestigation
from sensorium.agent.settings import AgentConfig

__all__ = [
    "AgentConfig",
    "AgentDeps",
    "InvestigationResult",
    "Investigator",
    "Names",
    "PendingInvestigation",
]
