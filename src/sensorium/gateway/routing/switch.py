"""A name that stands for several models, and how one of them is chosen for a call."""

from __future__ import annotations

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.routing.config import SwitchConfig, Task
from sensorium.gateway.routing.difficulty import difficulty


def switched(
    config: SwitchConfig, conversation: Conversation, task: str, tokens: int
) -> tuple[str, str]:
    """The model for a call, and why. ``task`` is what the caller declared, empty where nothing.

    A task that is none of ours, or that the switch has no model for, leaves it to the difficulty.
    """
    for one in config.tasks:
        if one.task.value == task:
            return one.model, f"task {task}"
    estimate = difficulty(conversation, tokens)
    hard = estimate.score >= config.threshold
    sign = ">=" if hard else "<"
    reason = f"difficulty {estimate} {sign} {config.threshold:g}"
    if task and task not in {known.value for known in Task}:
        reason = f"unknown task; {reason}"
    return (config.complex if hard else config.normal), reason
