"""Where the ledger lies, and how sure a write must be before a call is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sensorium.component import setting


class Durability(StrEnum):
    """What a row that was acknowledged survives."""

    PROCESS = "process"
    POWER = "power"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerConfig:
    """The ledger: attempts, budgets, keys and their owners."""

    dsn: str = setting(
        "",
        "empty: SQLite in data_dir; sqlite:////folder/file; "
        "postgresql://user:password@host:5432/database (needs sensorium[postgresql])",
    )
    durability: Durability = setting(
        Durability.PROCESS,
        "what rows survive on SQLite: process, the end of the process at any moment; "
        "power, also that of the machine, for a disk's flush per write",
    )
    busy_timeout_s: float = setting(
        10.0, "seconds to wait for another process that is writing (SQLite)", gt=0
    )
    recover_every_s: float = setting(
        10.0, "seconds between looks for attempts whose process died", gt=0
    )
    prices: Path | None = setting(
        None, "file of prices (TOML) that outrank those that come along; none where empty"
    )
