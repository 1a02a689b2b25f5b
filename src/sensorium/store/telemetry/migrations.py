"""The store's schema as ordered steps, each applied once and written down in ``schema_steps``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        tuple(table.ddl for table in tables.TABLES),
    ),
    Step(2, "attributes of flows", (tables.FLOW_ATTRIBUTES,)),
    Step(3, "journalled rows say when they were accepted", tables.ACCEPTED_AT),
    Step(4, "labels are not dictionary-encoded", tables.PLAIN_LABELS, tables.LABELS_ARE_TEXT),
    Step(5, "labels of samples are one text", tables.LABELS_AS_TEXT, tables.LABELS_ARE_TEXT),
    Step(6, "what inventories said of cables", (tables.CABLING.ddl,)),
)
"""A new store is made as it is now; the steps after the first are for stores made before them."""

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
_PRESENT = """
SELECT name, engine_full FROM system.tables
WHERE database = currentDatabase() AND name IN {names:Array(String)}
"""
_NOTE_STEPS = """
INSERT INTO schema_steps (number, title)
SELECT step.1, step.2 FROM (
    SELECT arrayJoin(arrayZip({numbers:Array(UInt32)}, {titles:Array(String)})) AS step
)
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """What may change between runs without a step: each table's settings, and days it keeps rows.

    ``days`` is 0 for a table that keeps its rows, and has no table without a term.
    """

    settings: Mapping[str, str]
    days: Mapping[str, int]

    def ending(self, table: str) -> str:
        """What a statement that creates ``table`` ends with."""
        if table not in self.days:
            return ""
        days = self.days[table]
        kept = f" TTL {_term(days)}" if days else ""
        return f"{kept} SETTINGS {', '.join(self._assigned())}"

    def changes(self, table: str, engine: str) -> list[str]:
        """The alterations that ``table`` needs, whose engine ``engine`` describes in full."""
        engine, _, present = engine.partition(" SETTINGS ")
        days, settings = self.days[table], set(present.split(", "))
        other = [one for one in self._assigned() if one not in settings]
        changes = [f"MODIFY SETTING {', '.join(other)}"] if other else []
        if days and f" TTL {_term(days)}" not in engine:
            changes.append(f"MODIFY TTL {_term(days)}")
        elif not days and " TTL " in engine:
            changes.append("REMOVE TTL")
        return changes

    def _assigned(self) -> list[str]:
        return [f"{name} = {value}" for name, value in self.settings.items()]


def _term(days: int) -> str:
    return f"stored_at + toIntervalDay({days})"


def terms(client: Client, days: Mapping[str, int], *, sync_to_disk: bool, embedded: bool) -> Terms:
    """The terms that hold for this run; ``embedded`` where the engine is in this process."""
    writing = _WRITING | _EMBEDDED if embedded else _WRITING
    known = {str(row[0]) for row in client.query(_KNOWN_SETTINGS).result_rows}
    wanted = {
        "non_replicated_deduplication_window": _INSERT_WINDOW,
        "ttl_only_drop_parts": 1,
        "fsync_after_insert": int(sync_to_disk),
        "fsync_part_directory": int(sync_to_disk),
        **{name: value for name, value in writing.items() if name in known},
    }
    return Terms({name: str(value) for name, value in wanted.items()}, days)


def migrate(client: Client, database: str, agreed: Terms) -> list[int]:
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
    if not applied and not _present(client, [table.name for table in tables.TABLES]):
        for table in tables.TABLES:
            client.command(table.ddl + agreed.ending(table.name))
        _note(client, STEPS)
        return [step.number for step in STEPS]
    done = []
    for step in STEPS:
        if step.number in applied:
            continue
        if not (step.done and client.query(step.done).result_rows[0][0]):
            for statement in step.statements:
                client.command(statement)
        _note(client, [step])
        done.append(step.number)
    return done


def apply(client: Client, agreed: Terms) -> None:
    """Alter the tables whose settings or retention are not what was agreed.

    The new term holds for rows already stored as their parts are next merged or dropped.
    """
    for table, engine in _present(client, list(agreed.days)).items():
        for change in agreed.changes(table, engine):
            # Rows that are there already are not looked through for a new term.
            client.command(
                f"ALTER TABLE {table} {change}", settings={"materialize_ttl_after_modify": 0}
            )


def _present(client: Client, names: Sequence[str]) -> dict[str, str]:
    found = client.query(_PRESENT, parameters={"names": names}).result_rows
    return {str(name): str(engine) for name, engine in found}


def _note(client: Client, steps: Sequence[Step]) -> None:
    numbers, titles = [step.number for step in steps], [step.title for step in steps]
    client.command(_NOTE_STEPS, parameters={"numbers": numbers, "titles": titles})
