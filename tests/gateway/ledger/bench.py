"""A ledger under test: claims by few words, limits, and what the database holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from sensorium.gateway.ledger import Claim, Cost, Ledger, LedgerConfig, Limit, Outcome, Scopes
from sensorium.gateway.ledger.administration import Administration
from sensorium.gateway.ledger.config import Durability
from sensorium.gateway.ledger.database import open_database
from sensorium.gateway.ledger.tables import ACCOUNTS, ATTEMPTS
from sensorium.gateway.reply import Usage
from sensorium.observe import Observe

START_NS = 1_790_000_040_000_000_000  # on a minute
TEAM = Scopes("k1", "u1", "t1", "o1")


class Bench:
    """``now_ns`` is the ledger's clock."""

    def __init__(self, config: LedgerConfig, folder: Path) -> None:
        self.connections = open_database(config, folder)
        self.observe = Observe()
        self.now_ns = START_NS
        self.ledger = Ledger(
            self.connections,
            self.observe,
            flushes=config.durability is Durability.POWER,
            wall_ns=lambda: self.now_ns,
        )
        self.administration = Administration(self.connections)
        self._requests = 0

    async def close(self) -> None:
        """Stop the ledger and let go of the database."""
        await self.ledger.close()
        self.connections.close()

    def limit(self, scope: str, **bounds: Any) -> None:
        """Set a limit; no bounds take it away."""
        self.administration.set_limit(scope, Limit(**bounds))

    def claim(self, worst: int | None = 100, *, scopes: Scopes = TEAM, **other: Any) -> Claim:
        """A claim of a new request."""
        self._requests += 1
        given: dict[str, Any] = {
            "request_id": f"r{self._requests}",
            "attempt": 1,
            "scopes": scopes,
            "route": "chat",
            "deployment": "d",
            "provider": "openai",
            "model": "m",
            "privacy": "",
            "worst": None if worst is None else Cost(worst, "v1"),
            "worst_tokens": 10,
            "lease_s": 60.0,
            "started_ns": self.now_ns,
        }
        return Claim(**{**given, **other})

    def rows(self) -> list[dict[str, Any]]:
        """The attempts, in the order of their requests."""
        with self.connections.reading() as connection:
            found = connection.execute(select(ATTEMPTS).order_by(ATTEMPTS.c.request_id))
            return [dict(row) for row in found.mappings()]

    def accounts(self) -> list[dict[str, Any]]:
        """All accounts there are."""
        with self.connections.reading() as connection:
            return [dict(row) for row in connection.execute(select(ACCOUNTS)).mappings()]

    def account(self, scope: str) -> dict[str, Any]:
        """A scope's account."""
        with self.connections.reading() as connection:
            found = connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.scope == scope))
            return dict(found.mappings().one())


def spent(cost: int | None, tokens: int = 7, status: str = "ok") -> Outcome:
    """An outcome that cost so much."""
    return Outcome(
        status=status,
        usage=Usage(tokens - 2, 2),
        cost=None if cost is None else Cost(cost, "v1"),
        first_byte_ns=START_NS + 1,
        ended_ns=START_NS + 2,
    )
