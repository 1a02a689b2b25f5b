"""Leaving a deployment alone that fails, and trying it again with one call at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sensorium.gateway.failure import Failure, FailureKind
from sensorium.gateway.routing.classes import AT_ONCE, COOLING
from sensorium.gateway.routing.config import CooldownConfig


class Standing(StrEnum):
    """``ready`` takes calls, ``probing`` one to see whether it is well again, ``cooling`` none."""

    READY = "ready"
    PROBING = "probing"
    COOLING = "cooling"


@dataclass(slots=True)
class _Class:
    """One error class of one deployment."""

    failures: int = 0
    first_at: float = 0.0
    until: float = 0.0  # 0 while closed
    opened: int = 0


class Breaker:
    """The breaker of one deployment, with a state for each kind of failure.

    Times are seconds of a monotonic clock that the caller reads. A success closes every class, as
    it shows that the deployment answers.
    """

    def __init__(self, config: CooldownConfig) -> None:
        self._config = config
        self._classes: dict[FailureKind, _Class] = {}
        self._open = 0
        self._probe_since: float | None = None

    def standing(self, now: float) -> Standing:
        """Whether a call may go there now."""
        if not self._open:
            return Standing.READY
        if now < self.until or self._is_probing(now):
            return Standing.COOLING
        return Standing.PROBING

    @property
    def until(self) -> float:
        """When the longest of its cooldowns ends; 0 where there is none."""
        return max((one.until for one in self._classes.values()), default=0.0)

    @property
    def reasons(self) -> tuple[FailureKind, ...]:
        """The kinds of failure that it is left alone for."""
        return tuple(kind for kind, one in self._classes.items() if one.until)

    def began(self, now: float) -> None:
        """A call goes there; while it cools that call is the probe, and no second one follows."""
        if self._open:
            self._probe_since = now

    def released(self) -> None:
        """The call ended without saying anything about the deployment: its caller left."""
        self._probe_since = None

    def succeeded(self) -> None:
        """It answered."""
        if self._classes:
            self._classes.clear()
            self._open = 0
        self._probe_since = None

    def failed(self, failure: Failure, now: float, *, may_open: bool) -> bool:
        """It failed; whether that (or an earlier failure) means to leave it alone.

        ``may_open`` is False for the last deployment of its group that is well: it goes on taking
        calls, since failing for sure is no better than failing perhaps.
        """
        kind = failure.kind
        was_probe = self._probe_since is not None
        self._probe_since = None
        if kind not in COOLING:
            return bool(self._open)
        config = self._config
        one = self._classes.setdefault(kind, _Class())
        if not one.until:
            if now - one.first_at > config.window_s:
                one.failures, one.first_at = 0, now
            one.failures += 1
        wanted = (
            was_probe
            or kind in AT_ONCE
            or failure.retry_after_s is not None
            or one.failures >= config.failures
        )
        if wanted and may_open and (not one.until or now >= one.until):
            lasting = min(config.first_s * 2.0**one.opened, config.longest_s)
            # What the provider asks for outranks the doubling, within reason.
            lasting = max(lasting, min(failure.retry_after_s or 0.0, config.longest_s))
            self._open += not one.until
            one.until = now + lasting
            one.opened = min(one.opened + 1, 32)
        return bool(self._open)

    def _is_probing(self, now: float) -> bool:
        """A probe that never came back, for whatever reason, does not hold the door forever."""
        since = self._probe_since
        return since is not None and now - since < self._config.longest_s
