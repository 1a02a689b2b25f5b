"""Names of models, and the way of a call to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.routing.config import CooldownConfig, ModelConfig, SwitchConfig
from sensorium.gateway.routing.group import Group
from sensorium.gateway.routing.switch import switched
from sensorium.gateway.routing.way import Limits, Way


class Router:
    """All groups and switches. Randomness comes from outside."""

    def __init__(
        self,
        models: Sequence[ModelConfig],
        switches: Sequence[SwitchConfig],
        cooldown: CooldownConfig,
        rng: Random,
    ) -> None:
        self.groups = {model.name: Group(model, cooldown) for model in models}
        self.switches = {switch.name: switch for switch in switches}
        self.rng = rng

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that a caller can write as a model."""
        return (*self.groups, *self.switches)

    def knows(self, name: str) -> bool:
        """Whether callers may write it as a model."""
        return name in self.groups or name in self.switches

    def resolve(self, conversation: Conversation, task: str, tokens: int) -> tuple[Group, str]:
        """The group for a call to a known name, and why where a switch chose it."""
        switch = self.switches.get(conversation.model)
        if switch is None:
            return self.groups[conversation.model], ""
        name, why = switched(switch, conversation, task, tokens)
        return self.groups[name], f"{switch.name}: {why}"

    def way(self, group: Group, limits: Limits, now: float, why: str = "") -> Way:
        """The way of one call that starts at ``group``."""
        return Way(self.groups, self.rng, group, limits, now, why)
