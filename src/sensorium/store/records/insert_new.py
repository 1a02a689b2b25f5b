"""Insert rows that may be there already: content-derived ids make a repeat the same row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows whose key is not there yet; returns how many that were."""
    if not rows:
        return 0
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).on_conflict_do_nothing()
    options = {"preserve_rowcount": True}
    return int(connection.execute(statement, rows, execution_options=options).rowcount)


def put(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    """Insert one row, or replace the one with its primary key."""
    put_many(connection, table, [row])


def put_many(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of equal columns, each in place of the one with its primary key."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    new = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), list(rows))
