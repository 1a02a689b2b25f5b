"""The rules of one stage look at one call together."""

from __future__ import annotations

from collections.abc import Iterable

from sensorium.gateway.guardrails.bound import Bound, Finders, Look
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.decision import Action, Flag, Stage
from sensorium.gateway.guardrails.rule import Judgement, Subject, WholeRule


class Looks:
    """What the rules of one stage see and say of one call."""

    def __init__(self, stage: Stage, bounds: Iterable[Bound]) -> None:
        self.all = [Look(bound, stage) for bound in bounds]
        self.finders = [Finders(one, one.bound.text) for one in self.all if one.bound.text]
        self.waits = any(one.in_units for one in self.finders)
        self.wholes = [(one, one.bound.whole) for one in self.all if one.bound.whole]

    async def judge(self, subject: Subject, context: Context) -> None:
        """Let the whole rules look; raises where one blocks."""
        for look, rule in self.wholes:
            await judged(look, rule, subject, context)

    def flags(self) -> tuple[Flag, ...]:
        """What the caller is told."""
        return tuple(flag for look in self.all if (flag := look.flag()))


async def judged(look: Look, rule: WholeRule, subject: Subject, context: Context) -> None:
    """Let a whole rule look; raises :class:`BlockedError` where it blocks or fails closed."""
    try:
        judgement: Judgement | None = await rule.judge(subject, context)
    except Exception:  # noqa: BLE001  whatever went wrong, the rule did not look
        look.failed()
        return
    if judgement is not None:
        objected(look, judgement)


def objected(look: Look, judgement: Judgement) -> None:
    """Take down a judgement; raises where the rule blocks."""
    look.labels.update(judgement.labels)
    if look.bound.config.action is Action.BLOCK:
        raise look.blocked(judgement.message)
    look.outcome = "flagged"
