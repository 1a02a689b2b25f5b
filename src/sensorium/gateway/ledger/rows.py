"""An attempt as its row in the ledger has it, in the order of the columns of :mod:`.statements`."""

from __future__ import annotations

from typing import Any, Final

from sensorium.gateway.ledger.words import Claim, Cost, Outcome, Scopes
from sensorium.store.records.types import storable

DEAREST: Final = 10**15
"""Nano-dollars that one call can cost: a million dollars. Sums of what is below never overflow."""
MOST_TOKENS: Final = 10**10
"""Tokens of one call, likewise."""


def bounded(said: int, most: int) -> int:
    """What a provider said, where it can be true: not negative, and no more than a call can be."""
    return said if 0 <= said <= most else 0 if said < 0 else most


def opened_row(claim: Claim) -> tuple[Any, ...]:
    """What is written of an attempt before its provider hears of it."""
    scopes, worst = claim.scopes, claim.worst
    return (
        claim.request_id,
        claim.attempt,
        "open",
        scopes.key_id,
        scopes.user_id,
        scopes.team_id,
        scopes.organisation_id,
        storable(scopes.end_user),
        claim.route,
        claim.deployment,
        claim.provider,
        storable(claim.model),
        claim.privacy,
        worst.price_version if worst else "",
        worst.nanodollars if worst else None,
        claim.worst_tokens,
        claim.started_ns + int(claim.lease_s * 1e9),
        claim.started_ns,
    )


def closed_row(outcome: Outcome) -> tuple[Any, ...]:
    """What completes it."""
    usage = outcome.usage
    used: tuple[int | None, ...] = (None,) * 6
    if usage:
        said = (
            usage.input,
            usage.output,
            usage.cache_read,
            usage.cache_write,
            usage.reasoning,
            usage.cache_write_long,
        )
        used = tuple([bounded(one, MOST_TOKENS) for one in said])
    return (
        "settled",
        outcome.status,
        outcome.failure.kind.value if outcome.failure else "",
        outcome.first_byte_ns,
        outcome.ended_ns,
        bounded(outcome.cost.nanodollars, DEAREST) if outcome.cost else None,
        *used,
        outcome.cached,
        outcome.policy,
    )


def claim_of(row: dict[str, Any]) -> Claim:
    """A row back as the claim that it was."""
    worst = None if row["worst"] is None else Cost(row["worst"], row["price_version"])
    return Claim(
        request_id=row["request_id"],
        attempt=row["attempt"],
        scopes=Scopes(
            row["key_id"],
            row["user_id"],
            row["team_id"],
            row["organisation_id"],
            row["end_user"],
        ),
        route=row["route"],
        deployment=row["deployment"],
        provider=row["provider"],
        model=row["model"],
        privacy=row["privacy"],
        worst=worst,
        worst_tokens=row["worst_tokens"],
        lease_s=0.0,
        started_ns=row["started_ns"],
    )
