"""The gateway's database: its tables are what the code says, also after earlier versions."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text

from sensorium.gateway.access import Directory
from sensorium.gateway.ledger import LedgerConfig
from sensorium.gateway.ledger.database import SCHEMA, open_database
from sensorium.gateway.ledger.tables import METADATA
from sensorium.store.records.config import RecordsConfig
from sensorium.store.records.connections import connect
from tests.gateway.ledger.bench import Bench


def test_migrations_build_the_tables_that_the_code_uses(bench: Bench) -> None:
    with bench.connections.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_key_of_the_first_version_counts_as_itself(config: LedgerConfig) -> None:
    before = connect(RecordsConfig(dsn=config.dsn), None)
    with before.writing() as connection:
        settings = Config()
        settings.set_main_option("script_location", SCHEMA.location)
        settings.set_main_option("path_separator", "os")
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        connection.execute(
            text(
                "INSERT INTO gateway_keys (id, prefix, hash, name, owner_id, role, "
                "allowed_models, privacy, created_ns, expires_ns, revoked_ns) "
                "VALUES ('key_1', 'p', 'h', 'old', 'u', 'member', 'null', '', 1, 0, 0)"
            )
        )
    before.close()
    after = open_database(config, Path())
    assert Directory(after).key("key_1").account == "key_1"
    after.close()
