"""What was spent, by whom and on what: sums over the ledger's rows, and the rows themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, select

from sensorium.gateway.ledger.tables import ATTEMPTS, KEYS, SUBJECTS

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sensorium.store.records.connections import Connections


class By(StrEnum):
    """What spend is told apart by."""

    TEAM = "team"
    USER = "user"
    KEY = "key"
    ORGANISATION = "organisation"
    END_USER = "end-user"
    MODEL = "model"
    DEPLOYMENT = "deployment"
    PROVIDER = "provider"


_COLUMN: Final = {
    By.TEAM: ATTEMPTS.c.team_id,
    By.USER: ATTEMPTS.c.user_id,
    By.KEY: ATTEMPTS.c.key_id,
    By.ORGANISATION: ATTEMPTS.c.organisation_id,
    By.END_USER: ATTEMPTS.c.end_user,
    By.MODEL: ATTEMPTS.c.model,
    By.DEPLOYMENT: ATTEMPTS.c.deployment,
    By.PROVIDER: ATTEMPTS.c.provider,
}


@dataclass(frozen=True, slots=True)
class Share:
    """One party's part. ``unpriced`` are attempts whose cost is not known, ``open`` those under
    way, with ``reserved`` nano-dollars."""

    id: str
    name: str
    attempts: int
    failed: int
    unpriced: int
    open: int
    input_tokens: int
    output_tokens: int
    nanodollars: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Only:
    """Whose rows count; empty for everybody's."""

    organisation_id: str = ""
    team_id: str = ""
    user_id: str = ""


class Spend:
    """Reads the ledger. ``until_ns`` 0 is now; times are those of the attempts' beginning."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def by(self, by: By, since_ns: int, until_ns: int = 0, only: Only = Only()) -> list[Share]:
        """A share for each party, the dearest first. Together they are all the rows there are."""
        column = _COLUMN[by]
        rows = ATTEMPTS.c
        is_open = rows.state == "open"
        statement = (
            select(
                column.label("id"),
                func.count().label("attempts"),
                func.sum(case((rows.status == "failed", 1), else_=0)).label("failed"),
                func.sum(case(((rows.state == "settled") & rows.cost.is_(None), 1), else_=0)).label(
                    "unpriced"
                ),
                func.sum(case((is_open, 1), else_=0)).label("open"),
                func.coalesce(func.sum(rows.input_tokens), 0).label("input_tokens"),
                func.coalesce(func.sum(rows.output_tokens), 0).label("output_tokens"),
                func.coalesce(func.sum(rows.cost), 0).label("nanodollars"),
                func.coalesce(func.sum(case((is_open, rows.worst))), 0).label("reserved"),
            )
            .where(*_conditions(since_ns, until_ns, only))
            .group_by(column)
        )
        with self._connections.reading() as connection:
            found = connection.execute(statement).mappings().all()
            names = _names(connection, by)
        shares = [
            Share(
                row["id"],
                names.get(row["id"], row["id"]),
                *(int(row[name]) for name in Share.__slots__[2:]),
            )
            for row in found
        ]
        return sorted(shares, key=lambda share: (-share.nanodollars, share.id))

    def rows(
        self, since_ns: int, until_ns: int = 0, only: Only = Only()
    ) -> Iterator[dict[str, Any]]:
        """The attempts themselves, oldest first."""
        statement = (
            select(ATTEMPTS)
            .where(*_conditions(since_ns, until_ns, only))
            .order_by(ATTEMPTS.c.started_ns, ATTEMPTS.c.request_id, ATTEMPTS.c.attempt)
        )
        with self._connections.reading() as connection:
            for row in connection.execution_options(yield_per=1000).execute(statement).mappings():
                yield dict(row)


def _conditions(since_ns: int, until_ns: int, only: Only) -> list[Any]:
    conditions = [ATTEMPTS.c.started_ns >= since_ns]
    if until_ns:
        conditions.append(ATTEMPTS.c.started_ns < until_ns)
    for column, wanted in (
        (ATTEMPTS.c.organisation_id, only.organisation_id),
        (ATTEMPTS.c.team_id, only.team_id),
        (ATTEMPTS.c.user_id, only.user_id),
    ):
        if wanted:
            conditions.append(column == wanted)
    return conditions


def _names(connection: Connection, by: By) -> dict[str, str]:
    """What people call those ids."""
    if by is By.KEY:
        rows = connection.execute(select(KEYS.c.id, KEYS.c.name))
    elif by in {By.TEAM, By.USER, By.ORGANISATION}:
        rows = connection.execute(
            select(SUBJECTS.c.id, SUBJECTS.c.name).where(SUBJECTS.c.kind == by.value)
        )
    else:
        return {}
    return {row.id: row.name for row in rows}
