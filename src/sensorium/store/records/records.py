"""The records store: one aggregate each, over one database."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy.engine import Connection

from sensorium.observe import Observe
from sensorium.store.records.actions import Actions
from sensorium.store.records.anomalies import Anomalies
from sensorium.store.records.approvals import Approvals
from sensorium.store.records.audit import AuditLog
from sensorium.store.records.briefs import Briefs
from sensorium.store.records.changes import Changes
from sensorium.store.records.config import RecordsConfig
from sensorium.store.records.connections import Connections, connect
from sensorium.store.records.evidence import EvidenceRecords
from sensorium.store.records.groups import Groups
from sensorium.store.records.incidents import Incidents
from sensorium.store.records.labels import Labels
from sensorium.store.records.meta import Meta
from sensorium.store.records.migrate import migrate
from sensorium.store.records.openings import Openings


class Records:
    """Everything that is decided or concluded. Synchronous and thread-safe; calls are short.

    Each operation is one transaction of its own, unless it is given ``within=`` one that
    :meth:`writing` opened. Several processes may have the same database open.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self.audit = AuditLog(connections)
        self.incidents = Incidents(connections, self.audit)
        self.labels = Labels(connections, self.audit)
        self.openings = Openings(connections)
        self.anomalies = Anomalies(connections)
        self.evidence = EvidenceRecords(connections)
        self.briefs = Briefs(connections)
        self.actions = Actions(connections)
        self.approvals = Approvals(connections)
        self.changes = Changes(connections)
        self.meta = Meta(connections)
        self.groups = Groups(connections, self.meta)

    def writing(self) -> AbstractContextManager[Connection]:
        """One transaction over several aggregates: committed at the end, undone by an error."""
        return self._connections.writing()

    @property
    def described(self) -> str:
        """Where the records are, without the password."""
        return self._connections.engine.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Close the pooled connections."""
        self._connections.close()


def open_records(
    config: RecordsConfig, observe: Observe, *, data_dir: Path | None = None
) -> Records:
    """Open the records store that ``config.dsn`` names, its schema brought up to date.

    Without a DSN it is SQLite in ``data_dir/records.sqlite``. Raises StoreOpenError with what to
    do about it.
    """
    connections = connect(config, data_dir)
    try:
        migrated = migrate(connections)
    except BaseException:
        connections.close()
        raise
    records = Records(connections)
    if migrated:
        observe.logger("store").info("records schema brought up to date", at=records.described)
    return records
