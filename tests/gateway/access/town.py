"""Two organisations to test access on: whoever there is, and keys to act with."""

from __future__ import annotations

from pathlib import Path

from sensorium.gateway.access import Access, AccessConfig, Caller, Directory, Role
from sensorium.gateway.access.permission import OPERATOR
from sensorium.gateway.access.records import Kind
from sensorium.gateway.ledger import LedgerConfig
from sensorium.gateway.ledger.database import open_database
from sensorium.observe import Observe

NOW_NS = 1_790_000_000_000_000_000


class Town:
    """``ids`` by name: acme and its teams red and blue, bolt and its team grey, and users."""

    def __init__(self, config: LedgerConfig, folder: Path, cache_s: float = 5.0) -> None:
        self.connections = open_database(config, folder)
        self.observe = Observe()
        self.now_ns = NOW_NS
        self.access = Access(
            self.connections,
            AccessConfig(cache_s=cache_s),
            self.observe,
            wall_ns=lambda: self.now_ns,
        )
        self.directory = Directory(
            self.connections, wall_ns=lambda: self.now_ns, changed=self.access.forget
        )
        self.ids: dict[str, str] = {}
        for name in ("acme", "bolt"):
            self._make(Kind.ORGANISATION, name, "")
        for name, parent in (("red", "acme"), ("blue", "acme"), ("grey", "bolt")):
            self._make(Kind.TEAM, name, parent)
        for name, parent, role in (
            ("ann", "acme", Role.ADMIN),
            ("tess", "red", Role.TEAM_ADMIN),
            ("max", "red", Role.MEMBER),
            ("mia", "red", Role.MEMBER),
            ("ben", "blue", Role.MEMBER),
            ("aud", "acme", Role.AUDITOR),
            ("sam", "red", Role.SERVICE),
            ("gus", "grey", Role.ADMIN),
        ):
            self._make(Kind.USER, name, parent, role)

    def _make(self, kind: Kind, name: str, parent: str, role: Role = Role.MEMBER) -> None:
        parent_id = self.ids.get(parent, "")
        made = self.directory.create(OPERATOR, kind, name, parent_id=parent_id, role=role)
        self.ids[name] = made.id

    def key_of(self, name: str, **more: object) -> str:
        """The text of a new key of somebody."""
        made = self.directory.create_key(OPERATOR, self.ids[name], "test", **more)
        return made.secret.text

    async def acting(self, name: str) -> Caller:
        """Somebody, recognised by a key of theirs."""
        return await self.by_key(name)

    async def by_key(self, name: str, **more: object) -> Caller:
        """Somebody, recognised by such a key."""
        caller = await self.access.authenticate(self.key_of(name, **more), 0.0)
        assert caller is not None
        return caller

    def close(self) -> None:
        """Let go of the database."""
        self.connections.close()
