"""Where AWS's services are, by Region. Source: the partitions that AWS publishes with its SDKs."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from sensorium.errors import UsageError

_REGION: Final = re.compile(r"[a-z]{2,5}(-[a-z]+){1,3}-\d{1,2}")
_SUFFIXES: Final = (
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isof-", "csp.hci.ic.gov"),
)


def checked_region(region: str) -> str:
    """The Region, which becomes part of a host name; raises ``UsageError``."""
    if not _REGION.fullmatch(region):
        raise UsageError(
            "a provider of kind bedrock needs a Region", next_step="set region: us-east-1"
        )
    return region


def endpoint(service: str, region: str) -> str:
    """The base URL of a service in a Region."""
    for prefix, suffix in _SUFFIXES:
        if region.startswith(prefix):
            return f"https://{service}.{region}.{suffix}"
    return f"https://{service}.{region}.amazonaws.com"


def label(name: str) -> str:
    """A name as one segment of a path: an ARN's colons and slashes are encoded."""
    return quote(name, safe="-_.~")
