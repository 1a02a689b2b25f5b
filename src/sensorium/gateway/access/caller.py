"""Somebody who was recognised, and what they may use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sensorium.gateway.access.roles import Role
from sensorium.gateway.ledger.words import Scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever a credential belongs to.

    ``allowed_models`` are names of the gateway's models, None for all. ``privacy_class`` is the
    class of data that everything this caller sends is taken for, empty for none.
    """

    scopes: Scopes
    roles: frozenset[Role] = frozenset()
    allowed_models: frozenset[str] | None = None
    key_id: str = ""
    privacy_class: str = ""

    @property
    def name(self) -> str:
        """What the audit log calls them."""
        return self.key_id or self.scopes.user_id or "nobody"


def narrowed(levels: Iterable[Iterable[str] | None]) -> frozenset[str] | None:
    """The models that every level allows; None where none of them says any."""
    allowed: frozenset[str] | None = None
    for level in levels:
        if level is not None:
            allowed = frozenset(level) if allowed is None else allowed & frozenset(level)
    return allowed
