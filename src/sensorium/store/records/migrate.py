"""Bring the records database to the newest schema, in one transaction, without configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from sensorium.store.errors import StoreOpenError
from sensorium.store.records.unopened import unopened

if TYPE_CHECKING:
    from alembic.config import Config

    from sensorium.store.records.connections import Connections


@dataclass(frozen=True, slots=True)
class Schema:
    """A database's schema: where its revisions are, and what messages call it and its setting.

    ``lock`` is the advisory lock number that serialises its migrations on PostgreSQL.
    """

    location: str
    lock: int
    what: str
    dsn_setting: str


RECORDS = Schema(
    "sensorium.store.records:migrations", 0x5E45_0001, "records database", "store.records.dsn"
)


def migrate(connections: Connections, schema: Schema = RECORDS) -> bool:
    """Apply outstanding revisions; whether there were any.

    Two processes that open a new database at once take turns. Raises StoreOpenError where the
    schema is newer than this version knows, or the database cannot be reached or changed.
    """
    from alembic import command
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    settings = _settings(schema)
    script = ScriptDirectory.from_config(settings)
    try:
        with connections.writing() as connection:
            if not connections.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": schema.lock})
            current = MigrationContext.configure(connection).get_current_revision()
            if current == script.get_current_head():
                return False
            known = {revision.revision for revision in script.walk_revisions()}
            if current is not None and current not in known:
                raise StoreOpenError(
                    f"the {schema.what} has schema revision {current}, which this version "
                    "does not know: it was written by a newer sensorium",
                    unaffected="nothing was changed",
                    next_step=f"run that version, or point {schema.dsn_setting} elsewhere",
                )
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
    except SQLAlchemyError as error:
        raise unopened(error, connections.engine, schema.what, schema.dsn_setting) from error
    return True


def _settings(schema: Schema) -> Config:
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", schema.location)
    settings.set_main_option("path_separator", "os")
    return settings
