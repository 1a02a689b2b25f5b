"""Where a caller's class of data may go, and the evidence of where it went."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sensorium.gateway.calls.rejection import RejectedError
from sensorium.gateway.privacy.evidence.log import EvidenceLogError
from sensorium.gateway.privacy.policy import Allowed, Denied

if TYPE_CHECKING:
    from sensorium.gateway.access import Caller
    from sensorium.gateway.calls.clock import Clock
    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.ledger import Claim
    from sensorium.gateway.privacy.evidence.log import EvidenceLog
    from sensorium.gateway.privacy.verifier import Verifier
    from sensorium.gateway.routing.deployment import Deployment


class Confinement:
    """``evidence`` is None only where the settings have no policy, so that none can apply."""

    def __init__(self, verifier: Verifier, evidence: EvidenceLog | None, clock: Clock) -> None:
        self.verifier = verifier
        self._evidence = evidence
        self._clock = clock

    def denial(self, deployment: Deployment, privacy: str) -> str:
        """Why data of this class may not go there; empty where it may."""
        if not privacy:
            return ""
        decision = self.verifier.allows(deployment.label, privacy)
        return decision.reason if isinstance(decision, Denied) else ""

    def may_cache(self, privacy: str) -> bool:
        """Whether answers to data of this class may be kept."""
        if not privacy:
            return True
        policy = self.verifier.policy(privacy)
        return policy is not None and policy.may_cache

    def name(self, privacy: str) -> str:
        """The policy as the ledger names it: class and digest; empty where there is no class."""
        policy = self.verifier.policy(privacy) if privacy else None
        return "" if policy is None else f"{policy.name}@{policy.digest}"

    async def record(self, claim: Claim) -> None:
        """Leave a signed record that this attempt may go where it goes, before it goes there.

        Raises ``RejectedError`` where the record cannot be written, or the decision has changed:
        without evidence nothing is sent.
        """
        if not claim.privacy:
            return
        decision = self.verifier.allows(claim.deployment, claim.privacy)
        if not isinstance(decision, Allowed) or self._evidence is None:
            raise RejectedError(403, "privacy_denied", "The deployment may not take this call.")
        entry = {
            "request": claim.request_id,
            "attempt": claim.attempt,
            "at_ns": self._clock.wall_ns(),
            "policy": self.name(claim.privacy),
            "caller": claim.scopes.key_id or claim.scopes.user_id,
            "route": claim.route,
            "deployment": claim.deployment,
            "provider": claim.provider,
            "model": claim.model,
            "basis": decision.basis,
        }
        try:
            await self._evidence.record(entry)
        except (OSError, EvidenceLogError):
            message = "The evidence of this call cannot be written, so it was not made."
            raise RejectedError(503, "evidence_unavailable", message) from None

    async def record_refusal(self, facts: Facts, caller: Caller) -> None:
        """Leave a signed record that a request of a class was refused and went nowhere.

        Where it cannot be written nothing else is lost: the caller gets its refusal all the same.
        """
        if self._evidence is None:
            return
        entry = {
            "request": facts.request_id,
            "attempt": 0,
            "at_ns": self._clock.wall_ns(),
            "class": caller.privacy_class,
            "policy": self.name(caller.privacy_class),
            "caller": caller.key_id or caller.scopes.user_id,
            "route": facts.route,
            "refused": facts.outcome,
        }
        with contextlib.suppress(OSError, EvidenceLogError):  # the log has counted it
            await self._evidence.record(entry)
