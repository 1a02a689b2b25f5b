"""What is known of a deployment: from the settings, and from its account's own words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Destination:
    """A deployment as it is set: ``kind`` is the provider's, ``host`` where requests go.

    ``label`` names the deployment, ``provider`` the entry of the settings it is reached by.
    """

    label: str
    provider: str
    kind: str
    model: str
    region: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What an AWS account says of itself in one Region.

    ``retention`` is its mode of data retention, ``logs`` whether it logs model invocations.
    """

    number: str
    arn: str
    retention: str
    logs: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a model of Bedrock's leads: all Regions, '' for one that is not named.

    ``profile`` is the id of the inference profile, '' for a model by itself; ``defined_by`` is
    ``SYSTEM_DEFINED`` or ``APPLICATION``. ``account`` is that of an ARN, '' where it names none.
    """

    regions: tuple[str, ...]
    profile: str = ""
    defined_by: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A check: what was found, or what could not be (``unknown``); ``at`` is in seconds."""

    at: float
    account: Account | None = None
    reach: Reach | None = None
    unknown: str = ""
