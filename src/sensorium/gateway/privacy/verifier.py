"""Checks accounts at the start and periodically, and says at once what may go where.

A check that failed, or is too old, counts as no check: what is unknown is refused. Nothing is asked
of an account while a request waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from sensorium.component import Health, HealthState
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.privacy.config import PrivacyConfig
from sensorium.gateway.privacy.control import Control, UnknownError, account_of, reach_of
from sensorium.gateway.privacy.facts import Account, Checked, Destination
from sensorium.gateway.privacy.policy import Allowed, Denied, PrivacyPolicy

if TYPE_CHECKING:
    from sensorium.observe import Observe


class Verifier:
    """All policies over all deployments. ``controls`` are by the name of the provider."""

    name = "gateway.privacy"

    def __init__(
        self,
        config: PrivacyConfig,
        destinations: Iterable[Destination],
        controls: Mapping[str, Control],
        clock: Callable[[], float],
        observe: Observe,
    ) -> None:
        self._config = config
        self._policies = {one.name: PrivacyPolicy(one) for one in config.policies}
        self._destinations: dict[str, Destination] = {}
        self._ambiguous: set[str] = set()
        for one in destinations:
            if self._destinations.setdefault(one.label, one) != one:
                self._ambiguous.add(one.label)
        self._controls = controls
        self._clock = clock
        self._checked: dict[str, Checked] = {}
        self._log = observe.logger("gateway.privacy")
        self._checks = observe.counter(
            "sensorium_gateway_privacy_checks", "Checks of deployments' accounts", ("outcome",)
        )
        self._decisions = observe.counter(
            "sensorium_gateway_privacy_decisions",
            "Whether a class of data might go to a deployment",
            ("policy", "outcome"),
        )

    def policy(self, privacy: str) -> PrivacyPolicy | None:
        """The policy of a class of data; None where the class has none."""
        return self._policies.get(privacy)

    def allows(self, label: str, privacy: str) -> Allowed | Denied:
        """Whether data of this class may go to the deployment of this label.

        Data without a class may go anywhere; data of a class without a policy nowhere.
        """
        if not privacy:
            return Allowed()
        decision = self._decide(label, privacy)
        outcome = "allowed" if isinstance(decision, Allowed) else "denied"
        known = privacy if privacy in self._policies else "unknown"
        self._decisions.labels(known, outcome).inc()
        return decision

    def _decide(self, label: str, privacy: str) -> Allowed | Denied:
        policy = self._policies.get(privacy)
        destination = self._destinations.get(label)
        if policy is None:
            return Denied(f"there is no policy for data of the class {privacy!r}")
        if label in self._ambiguous:
            return Denied("two deployments that go to different places have this name")
        if destination is None:
            return Denied("it is no deployment of the settings")
        checked = self._checked.get(label)
        if checked is not None and self._clock() - checked.at > self._config.valid_s:
            checked = Checked(checked.at, unknown="the last check is too old")
        return policy.allows(destination, checked)

    async def check(self) -> None:
        """Ask all accounts once. Never raises: what could not be asked is unknown."""
        accounts: dict[str, Account | str] = {}
        for destination in self._destinations.values():
            if destination.kind != "bedrock" or not self._policies:
                continue
            checked = await self._check(destination, accounts)
            before = self._checked.get(destination.label)
            self._checked[destination.label] = checked
            self._checks.labels("unknown" if checked.unknown else "known").inc()
            if before is None or _differs(before, checked):
                log = self._log.warning if checked.unknown else self._log.info
                log("account checked", deployment=destination.label, unknown=checked.unknown)

    async def _check(self, destination: Destination, accounts: dict[str, Account | str]) -> Checked:
        now = self._clock()
        control = self._controls.get(destination.provider)
        if control is None:
            return Checked(now, unknown="nobody can be asked about it")
        try:
            if destination.provider not in accounts:
                accounts[destination.provider] = await account_of(control)
            account = accounts[destination.provider]
            if isinstance(account, str):
                return Checked(now, unknown=account)
            reach = await reach_of(control, destination.model, destination.region)
        except UnknownError as error:
            return self._unknown(now, destination, str(error), accounts)
        except CallFailedError as error:
            return self._unknown(now, destination, error.failure.message, accounts)
        except Exception as error:  # noqa: BLE001  an answer of any other shape is unknown too
            return self._unknown(now, destination, type(error).__name__, accounts)
        return Checked(now, account, reach)

    def _unknown(
        self, now: float, at: Destination, why: str, accounts: dict[str, Account | str]
    ) -> Checked:
        # An account that did not answer is not asked again for its other deployments.
        accounts.setdefault(at.provider, why)
        return Checked(now, unknown=why)

    async def run(self) -> None:
        """Check again and again until cancelled; the first check at once."""
        while True:
            await self.check()
            await asyncio.sleep(self._config.check_every_s)

    def health(self) -> Health:
        """Degraded where an account's settings are not known."""
        unknown = sorted(label for label, one in self._checked.items() if one.unknown)
        if unknown:
            return Health(HealthState.DEGRADED, f"not known: {', '.join(unknown)}")
        return Health(HealthState.OK)


def _differs(before: Checked, now: Checked) -> bool:
    return (before.account, before.reach, before.unknown) != (now.account, now.reach, now.unknown)
