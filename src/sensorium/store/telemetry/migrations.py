"""The store's schema as ordered steps, each applied once and written down in ``schema_steps``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.store.errors import StoreOpenError
from sensorium.store.telemetry import tables

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the schema. Never edit one that has been released: add the next.

    A process may end between two statements, so each can be repeated; where the last cannot,
    ``done`` is a query whose number says whether it has been carried out.
    """

    number: int
    title: str
    statements: tuple[str, ...]
    done: str = ""


STEPS = (
    Step(
        1,
        "flows, logs, metrics, changes and log templates",
        (
            tables.FLOWS.ddl,
            tables.LOGS.ddl,
            tables.METRICS.ddl,
            tables.CHANGES.ddl,
            tables.TEMPLATES.ddl,
        ),
    ),
    Step(2, "attributes of flows", (tables.FLOW_ATTRIBUTES,)),
    Step(3, "journalled rows say when they were accepted", tables.ACCEPTED_AT),
    Step(4, "labels are not dictionary-encoded", tables.PLAIN_LABELS),
    Step(5, "labels of samples are one text", tables.LABELS_AS_TEXT, tables.LABELS_ARE_TEXT),
    Step(6, "what inventories said of cables", (tables.CABLING.ddl,)),
)

_STEPS_TABLE = """
CREATE TABLE IF NOT EXISTS schema_steps (
    number UInt32,
    title String,
    applied_at DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree ORDER BY number
"""

# A window of remembered insert tokens makes a retried write harmless if the first one did land.
_INSERT_WINDOW = 1000

# What makes writing cheap and reading no dearer; an engine that does not know one goes without.
# - A part is one file of all columns until it is large: with a file for each of its columns, the
#   making of files alone took a sixth of the processor time of storing flows on ext4.
# - Ten parts of a size are merged at once, not five: each row is written again less often.
# - Nothing is asked that statistics of columns would help.
_WRITING = {
    "min_bytes_for_wide_part": 128 << 20,
    "merge_selector_base": 10,
    "auto_statistics_types": "''",
}
# Parts that were merged are removed one after the other: where a hundred of them are due, an engine
# starts 128 threads for it that it never ends, each with three files of /proc open.
_EMBEDDED = {"concurrent_part_removal_threshold": 1_000_000}
_KNOWN_SETTINGS = "SELECT name FROM system.merge_tree_settings"


def migrate(client: Client, database: str) -> list[int]:
    """Bring the database's tables up to date; returns the numbers of the steps applied now.

    Raises StoreOpenError where the tables were made by a later version.
    """
    client.command(_STEPS_TABLE)
    applied = {int(row[0]) for row in client.query("SELECT number FROM schema_steps").result_rows}
    newest = STEPS[-1].number
    if applied and max(applied) > newest:
        raise StoreOpenError(
            f"the telemetry database {database} has schema step {max(applied)}, this version "
            f"knows {newest}: it was written by a newer sensorium",
            unaffected="nothing was changed",
            next_step="run that version, or point store.telemetry.dsn at another place",
        )
    done = []
    for step in STEPS:
        if step.number in applied:
            continue
        if not (step.done and client.query(step.done).result_rows[0][0]):
            for statement in step.statements:
                client.command(statement)
        client.command(
            "INSERT INTO schema_steps (number, title) SELECT {number:UInt32}, {title:String}",
            parameters={"number": step.number, "title": step.title},
        )
        done.append(step.number)
    return done


def apply_table_settings(client: Client, *, sync_to_disk: bool, embedded: bool) -> None:
    """Set what may change between runs without a schema step; ``embedded`` in this process."""
    writing = _WRITING | _EMBEDDED if embedded else _WRITING
    known = {str(row[0]) for row in client.query(_KNOWN_SETTINGS).result_rows}
    wanted = {
        "non_replicated_deduplication_window": _INSERT_WINDOW,
        "ttl_only_drop_parts": 1,
        "fsync_after_insert": int(sync_to_disk),
        "fsync_part_directory": int(sync_to_disk),
        **{name: value for name, value in writing.items() if name in known},
    }
    assigned = ", ".join(f"{name} = {value}" for name, value in wanted.items())
    for table in tables.TABLE_OF.values():
        client.command(f"ALTER TABLE {table.name} MODIFY SETTING {assigned}")


def apply_retention(client: Client, days_by_table: Mapping[str, int]) -> None:
    """Make each table's TTL what the settings say; 0 days removes it.

    The new term holds for rows already stored as their parts are next merged or dropped.
    """
    for name, days in days_by_table.items():
        row = client.query(
            "SELECT engine_full FROM system.tables "
            "WHERE database = currentDatabase() AND name = {name:String}",
            parameters={"name": name},
        ).result_rows[0]
        engine = str(row[0])
        wanted = f" TTL stored_at + toIntervalDay({days})"
        if days and wanted not in engine:
            client.command(
                f"ALTER TABLE {name} MODIFY TTL stored_at + toIntervalDay({days})",
                settings={"materialize_ttl_after_modify": 0},
            )
        elif not days and " TTL " in engine:
            client.command(f"ALTER TABLE {name} REMOVE TTL")
