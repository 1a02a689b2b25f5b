"""What a scope may use: a budget over a period, and rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from sensorium.gateway.ledger.words import Scopes
from sensorium.store.records.types import storable

EVERY: Final = "*"
"""Stands for each end user of an organisation that has no limit of its own."""


_DAY_NS: Final = 86_400_000_000_000


class Period(StrEnum):
    """When a budget begins anew; days and months are UTC's."""

    TOTAL = "total"
    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Bounds of one scope; None sets none. ``budget`` is in nano-dollars a ``period``."""

    budget: int | None = None
    period: Period = Period.TOTAL
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it bounds nothing."""
        bounds = self.budget, self.requests_per_minute, self.tokens_per_minute, self.concurrency
        return all(bound is None for bound in bounds)


def period_start_ns(period: Period, now_ns: int) -> int:
    """When the period that ``now_ns`` lies in began; 0 for the one that never ends."""
    if period is Period.TOTAL:
        return 0
    day = now_ns // _DAY_NS
    return (day if period is Period.DAILY else _first_of_month(day)) * _DAY_NS


@lru_cache(maxsize=64)
def _first_of_month(day: int) -> int:
    """The first day of the month that a day lies in, both counted from 1970."""
    date = datetime.fromtimestamp(day * 86_400, UTC)
    return day - date.day + 1


def scope_key(kind: str, name: str, organisation: str = "") -> str:
    """The name of a scope's account: ``team:NAME``; end users belong to an organisation."""
    if kind == "end_user":
        return f"end_user:{organisation}/{storable(name)}"  # the caller's word, maybe a hostile one
    return f"{kind}:{name}"


def scope_keys(scopes: Scopes) -> tuple[str, ...]:
    """The accounts that a call for these scopes may count in, the narrowest first."""
    keys = []
    if scopes.end_user:
        keys.append(scope_key("end_user", scopes.end_user, scopes.organisation_id))
    for kind, name in (
        ("key", scopes.key_id),
        ("user", scopes.user_id),
        ("team", scopes.team_id),
        ("organisation", scopes.organisation_id),
    ):
        if name:
            keys.append(f"{kind}:{name}")
    return tuple(keys)


def template_of(key: str) -> str:
    """The limit that holds where ``key`` has none of its own; empty where there is no such."""
    if not key.startswith("end_user:"):
        return ""
    return f"{key.partition('/')[0]}/{EVERY}"
