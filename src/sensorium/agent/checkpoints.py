"""Durable checkpoints of investigations, in SQLite, holding plain values and no pickles."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from sensorium.store.errors import StoreOpenError
from sensorium.store.write_ahead import use_write_ahead_log

_PATIENCE_S: Final = 30.0


class Checkpoints(SqliteSaver):
    """LangGraph's SQLite saver, strict in what it reads back, and able to prune.

    Values are MessagePack of plain JSON types and LangGraph's own interrupt record; a checkpoint
    that names any other class is not turned into one, and nothing is ever unpickled.
    StoreOpenError where the file is none of ours or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        serde = JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, check_same_thread=False, timeout=_PATIENCE_S)
            super().__init__(connection, serde=serde)
            use_write_ahead_log(connection, within_s=_PATIENCE_S)  # the saver would not try again
            self.setup()
        except (OSError, sqlite3.Error) as error:
            raise StoreOpenError(
                f"the investigations' checkpoints {path} cannot be opened: {error}",
                unaffected="nothing was started or changed",
                next_step="check its disk; a spoiled file can be moved away: investigations that "
                "had begun then begin anew",
            ) from error

    def threads(self) -> tuple[str, ...]:
        """Every investigation that has a checkpoint, sorted."""
        with self.cursor(transaction=False) as cursor:
            cursor.execute("SELECT DISTINCT thread_id FROM checkpoints ORDER BY thread_id")
            return tuple(str(row[0]) for row in cursor.fetchall())

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Forget all but a thread's newest checkpoint (or all, with ``"delete"``).

        Safe here because no channel of the graph stores differences between checkpoints.
        """
        for thread in thread_ids:
            if strategy == "delete":
                self.delete_thread(thread)
                continue
            with self.cursor() as cursor:
                for table in ("writes", "checkpoints"):
                    cursor.execute(
                        f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_id < "
                        "(SELECT max(checkpoint_id) FROM checkpoints c "
                        f"WHERE c.thread_id = {table}.thread_id "
                        f"AND c.checkpoint_ns = {table}.checkpoint_ns)",
                        (thread,),
                    )

    def close(self) -> None:
        """Close the database."""
        self.conn.close()
