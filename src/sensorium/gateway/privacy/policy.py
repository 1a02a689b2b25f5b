"""May this class of data go there? Every answer but a known yes is no."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from sensorium.gateway.privacy.config import PolicyConfig
from sensorium.gateway.privacy.facts import Account, Checked, Destination, Reach

# Endpoints that AWS documents for Bedrock's runtime, besides VPC endpoints.
_PUBLIC: Final = (
    "bedrock-runtime.{region}.amazonaws.com",
    "bedrock-runtime-fips.{region}.amazonaws.com",
    "bedrock-runtime.{region}.api.aws",
    "bedrock-runtime-fips.{region}.api.aws",
    "bedrock-runtime.{region}.amazonaws.eu",
    "bedrock-runtime.{region}.amazonaws.com.cn",
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may go there. ``basis`` is what that rests on, for the evidence."""

    basis: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Denied:
    """It may not; ``reason`` names settings and never content."""

    reason: str


class PrivacyPolicy:
    """The policy of one class of data."""

    def __init__(self, config: PolicyConfig) -> None:
        self.config = config
        self.name = config.name
        self.digest = sha256(repr(config).encode()).hexdigest()[:16]

    @property
    def may_cache(self) -> bool:
        """Whether answers may be kept."""
        return self.config.cache

    def allows(self, destination: Destination, checked: Checked | None) -> Allowed | Denied:
        """Whether the data may go there, by what the last valid check found."""
        if destination.kind == "local":
            return Allowed({"place": "this process"})
        if self.config.local_only:
            return Denied("the policy allows models in this process only")
        if destination.kind == "bedrock":
            return self._bedrock(destination, checked)
        if destination.host in self.config.own_hosts:
            return Allowed({"place": destination.host, "vouched": True})
        return Denied(f"nothing can be checked at a provider of kind {destination.kind}")

    def _bedrock(self, destination: Destination, checked: Checked | None) -> Allowed | Denied:
        if reason := self._endpoint(destination):
            return Denied(reason)
        if checked is None or checked.unknown or checked.account is None or checked.reach is None:
            why = checked.unknown if checked is not None else "it was not checked yet"
            return Denied(f"its account's settings are not known: {why}")
        account, reach = checked.account, checked.reach
        for reason in (*self._account(account, reach), *self._reach(destination, reach)):
            return Denied(reason)
        return Allowed(
            {
                "place": destination.host,
                "account": account.number,
                "identity": account.arn,
                "region": destination.region,
                "reaches": list(reach.regions),
                "profile": reach.profile,
                "retention": account.retention,
                "invocation_logging": account.logs,
                "checked_at": checked.at,
            }
        )

    def _endpoint(self, destination: Destination) -> str:
        config = self.config
        if destination.region not in config.regions:
            return f"the Region {destination.region or '(none)'} is not one of the policy's"
        host = destination.host.lower()
        if config.vpc_endpoints:
            allowed = [one.lower() for one in config.vpc_endpoints]
            return "" if host in allowed else f"{host} is not one of the policy's VPC endpoints"
        public = [one.format(region=destination.region) for one in _PUBLIC]
        return "" if host in public else f"{host} is no endpoint of AWS's in {destination.region}"

    def _account(self, account: Account, reach: Reach) -> Iterator[str]:
        config = self.config
        if account.number not in config.accounts:
            yield f"the account {account.number} is not one of the policy's"
        if reach.account and reach.account not in config.accounts:
            yield f"the model is of the account {reach.account}, which is not one of the policy's"
        if account.retention not in config.retention:
            yield f"the account's data retention is {account.retention!r}"
        if account.logs and not config.invocation_logging:
            yield "the account logs what is asked and answered"

    def _reach(self, destination: Destination, reach: Reach) -> Iterator[str]:
        config = self.config
        starts: Callable[[str], bool] = reach.profile.startswith
        by_aws = reach.defined_by != "APPLICATION"
        if reach.profile and by_aws and not any(map(starts, config.profile_prefixes)):
            yield f"the inference profile {reach.profile} is not one of the policy's"
        if not reach.regions or "" in reach.regions:
            yield "it leads to Regions that are not named"
        elsewhere = sorted({*reach.regions} - {*config.regions})
        if elsewhere:
            yield f"it leads to {', '.join(elsewhere)}, outside the policy's Regions"
        if not reach.profile and {*reach.regions} != {destination.region}:
            yield "the model is of another Region than the endpoint"
