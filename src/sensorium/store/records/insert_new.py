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
    keys = [column.name for column in table.primary_key.columns]
    others = {name: value for name, value in row.items() if name not in keys}
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others))
