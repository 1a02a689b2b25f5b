"""The way of one call: which deployment first, which after each failure, within one deadline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from sensorium.gateway.failure import Failure, FailureKind
from sensorium.gateway.record import record
from sensorium.gateway.routing.classes import BROKEN, TRANSIENT, UNFIT
from sensorium.gateway.routing.deployment import Deployment
from sensorium.gateway.routing.group import Group

_FIRST_WAIT_S: Final = 0.25
_LONGEST_WAIT_S: Final = 20.0


@record()
class Step:
    """Ask this deployment, after ``wait_s``. ``reason`` says why it, for the caller."""

    group: Group
    deployment: Deployment
    reason: str
    wait_s: float = 0.0


@dataclass(slots=True)
class Limits:
    """What a call may use, and where it may go."""

    allowed: Callable[[Deployment], bool]
    cost: Callable[[Deployment], int | None]
    model_allowed: Callable[[str], bool]


class Way:
    """Steps of one call. Ask :meth:`next` with nothing first, then with each failure.

    After a failure that another deployment may not have, the rest of the group is tried, then the
    fallbacks that the model names for that kind of failure, then the same deployments again after
    a pause (the one that the provider asked for, or a growing one by lot). A failure of the
    request itself ends it. ``group``, one of ``groups``, is where it begins.
    """

    def __init__(
        self,
        groups: Mapping[str, Group],
        rng: Random,
        group: Group,
        limits: Limits,
        now: float,
        why: str = "",
    ) -> None:
        self._groups, self._rng = groups, rng
        self._home = group
        self._group = group
        self._limits = limits
        self._why = why
        self._tried: set[str] = set()
        self._visited = {group.name}
        self._pauses = 0
        self.deadline = now + group.config.deadline_s
        self.attempts = 0

    def next(self, now: float, failure: Failure | None = None) -> Step | None:
        """The next step; None where nothing is left to try."""
        if self.attempts >= self._home.config.attempts or now >= self.deadline:
            return None
        if failure is None:
            step = self._within(now, self._why)
        elif failure.kind in TRANSIENT or failure.kind in BROKEN:
            step = (
                self._within(now, f"after {failure.kind.value}")
                or self._fallback(now, failure.kind)
                or self._again(now, failure)
            )
        elif failure.kind in UNFIT:
            step = self._fallback(now, failure.kind)
        else:
            step = None
        if step is not None:
            self.attempts += 1
            self._tried.add(step.deployment.label)
        return step

    def _within(self, now: float, why: str, wait_s: float = 0.0) -> Step | None:
        chosen = self._group.choose(
            now,
            self._rng,
            but=self._tried,
            allowed=self._limits.allowed,
            cost=self._limits.cost,
        )
        if chosen is None:
            return None
        reason = f"{self._group.name}: {chosen.reason}"
        return Step(self._group, chosen.deployment, f"{why}; {reason}" if why else reason, wait_s)

    def _fallback(self, now: float, kind: FailureKind) -> Step | None:
        for chain in self._home.config.fallbacks:
            if kind not in chain.on:
                continue
            for name in chain.to:
                if name in self._visited or not self._limits.model_allowed(name):
                    continue
                self._visited.add(name)
                self._group = self._groups[name]
                self._tried.clear()
                step = self._within(now, f"fallback after {kind.value}")
                if step is not None:
                    return step
        return None

    def _again(self, now: float, failure: Failure) -> Step | None:
        """The same deployments once more, after a pause that the deadline leaves room for."""
        if failure.kind not in TRANSIENT:
            return None
        asked = failure.retry_after_s
        if asked is not None:
            wait = asked
        else:
            most = min(_FIRST_WAIT_S * 2.0**self._pauses, _LONGEST_WAIT_S)
            wait = most * (0.5 + 0.5 * self._rng.random())
        if wait > _LONGEST_WAIT_S or now + wait >= self.deadline:
            return None
        self._pauses += 1
        self._tried.clear()
        return self._within(now, f"again after {failure.kind.value}", wait)
