"""A deployment at work: its settings, and what is known of it at this moment."""

from __future__ import annotations

from sensorium.gateway.failure import Failure, FailureKind
from sensorium.gateway.routing.breaker import Breaker
from sensorium.gateway.routing.config import CooldownConfig, DeploymentConfig

# How fast the estimate of the latency follows, and after how many seconds without a call it counts
# half: so that a deployment that was slow once is tried again.
_WEIGHT = 0.2
_HALF_LIFE_S = 60.0


class Deployment:
    """One model at one provider, in one group. Belongs to one event loop."""

    def __init__(self, config: DeploymentConfig, cooldown: CooldownConfig) -> None:
        self.config = config
        self.label = config.label
        self.breaker = Breaker(cooldown)
        self.in_flight = 0
        self._latency_s = 0.0
        self._measured_at = 0.0

    @property
    def is_full(self) -> bool:
        """Whether it has as many calls under way as it may."""
        most = self.config.max_concurrent
        return bool(most) and self.in_flight >= most

    def latency(self, now: float) -> float:
        """Seconds to the first byte of an answer, as last seen; 0 where nothing is known."""
        if not self._latency_s:
            return 0.0
        age = max(now - self._measured_at, 0.0)
        return float(self._latency_s * 0.5 ** (age / _HALF_LIFE_S))

    def began(self, now: float) -> None:
        """A call goes there."""
        self.in_flight += 1
        self.breaker.began(now)

    def answered(self, latency_s: float, now: float) -> None:
        """The call was answered, its first byte after ``latency_s``."""
        self.in_flight -= 1
        self.breaker.succeeded()
        known = self._latency_s
        self._latency_s = latency_s if not known else known + _WEIGHT * (latency_s - known)
        self._measured_at = now

    def well(self) -> None:
        """It was asked something that is no call, and answered."""
        self.in_flight -= 1
        self.breaker.succeeded()

    def failed(self, failure: Failure, now: float, *, may_open: bool) -> None:
        """The call failed."""
        self.in_flight -= 1
        if failure.kind is FailureKind.CANCELLED:
            self.breaker.released()
        else:
            self.breaker.failed(failure, now, may_open=may_open)
