"""Settings of privacy-bound routes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sensorium.component import setting


class Retention(StrEnum):
    """Bedrock's account-wide modes of data retention, as ``GetAccountDataRetention`` names them."""

    NONE = "none"
    DEFAULT = "default"
    AWS_REVIEW = "aws_review"
    PROVIDER_DATA_SHARE = "provider_data_share"
    INHERIT = "inherit"


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyConfig:
    """Where one class of data may go. What a list does not name is refused."""

    name: str = setting("", "the class of data, such as restricted", pattern=r"^[a-z0-9][\w.-]*$")
    local_only: bool = setting(False, "only models that run in this process")
    accounts: tuple[str, ...] = setting((), "AWS accounts, by their 12 digits")
    regions: tuple[str, ...] = setting((), "AWS Regions, of the endpoint and of all it leads to")
    profile_prefixes: tuple[str, ...] = setting(
        (),
        "system-defined inference profiles, by the beginning of their id, such as eu.; with"
        " none, only models of the endpoint's own Region",
    )
    vpc_endpoints: tuple[str, ...] = setting(
        (), "hosts of VPC endpoints; with none, AWS's public endpoints of the Regions"
    )
    retention: tuple[Retention, ...] = setting(
        (Retention.NONE,), "data retention modes that the account may be in, in the Region"
    )
    invocation_logging: bool = setting(
        False, "whether the account may log what is asked and answered"
    )
    own_hosts: tuple[str, ...] = setting(
        (), "hosts of servers of one's own, of which nothing is checked: they are vouched for here"
    )
    cache: bool = setting(False, "whether answers may be kept in the gateway's cache")


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivacyConfig:
    """Classes of data that may go only where their policy says, and the evidence of it."""

    policies: tuple[PolicyConfig, ...] = setting((), "one for each class of data")
    check_every_s: float = setting(300.0, "seconds between two checks of accounts", ge=1, le=86400)
    valid_s: float = setting(
        900.0, "seconds after which a check no longer counts and everything is refused", ge=1
    )

    def __post_init__(self) -> None:
        names = [one.name for one in self.policies]
        if len(set(names)) != len(names):
            raise ValueError("two policies are of the same class of data")
        if self.valid_s < self.check_every_s:
            raise ValueError("a check must stay valid until the next (valid_s, check_every_s)")
