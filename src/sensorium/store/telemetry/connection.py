"""Clients of one ClickHouse, embedded or server, opened the same way from a DSN."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from sensorium.process.stopping import held_back
from sensorium.store.errors import StoreOpenError

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from sensorium.store.telemetry.config import TelemetryConfig

MIB = 1 << 20
_FOLDER = "telemetry"
_CONNECT_S = 5

# The engine shares the process with everything else, so its caches start small. Its own limit
# on all memory is not enforced when embedded; the limit per query is.
_ENGINE_OPTIONS = {
    "mark_cache_size": 16 * MIB,
    "index_mark_cache_size": 8 * MIB,
    "primary_index_cache_size": 8 * MIB,
    "query_condition_cache_size": 4 * MIB,
    "compiled_expression_cache_size": 8 * MIB,
    "background_pool_size": 2,
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a DSN points: ``folder`` is set for an embedded store, the rest for a server."""

    dsn: str
    database: str
    folder: Path | None = None
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    secure: bool = False

    @property
    def described(self) -> str:
        """The target in words, without the password."""
        if self.folder is not None:
            return f"embedded ClickHouse in {self.folder}"
        return f"ClickHouse at {self.host}:{self.port}, database {self.database}"


def parse_dsn(dsn: str, database: str) -> Target:
    """Read a ``chdb://`` or ``clickhouse(s)://`` DSN; StoreOpenError says what is wrong with it."""
    try:
        parts = urlsplit(dsn)
    except ValueError as error:
        raise StoreOpenError(f"the telemetry DSN is none: {error}") from error
    if parts.scheme == "chdb":
        if parts.netloc or not parts.path.strip("/"):
            raise StoreOpenError(
                f"the telemetry DSN {dsn!r} names no folder",
                next_step="write chdb:///absolute/folder, with three slashes",
            )
        return Target(dsn, database, folder=Path(unquote(parts.path)).resolve())
    if parts.scheme in {"clickhouse", "clickhouses", "http", "https"}:
        secure = parts.scheme in {"clickhouses", "https"}
        try:
            port = parts.port
        except ValueError:
            raise StoreOpenError("the ClickHouse DSN's port is not a number") from None
        return Target(
            dsn,
            parts.path.strip("/") or database,
            host=parts.hostname or "localhost",
            port=port or (8443 if secure else 8123),
            user=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            secure=secure,
        )
    raise StoreOpenError(
        f"a telemetry DSN begins with chdb:// or clickhouse://, not {parts.scheme!r}"
    )


def one_line(error: BaseException) -> str:
    """An error's text on one line, of a length that a log can bear."""
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:297] + "..."


def embedded_dsn(data_dir: Path) -> str:
    """The DSN of the embedded store in a data folder."""
    return "chdb://" + quote(str(data_dir.resolve() / _FOLDER))


def embedded_folder(config: TelemetryConfig, data_dir: Path) -> Path | None:
    """The folder of the embedded store these settings mean, None for a server."""
    return parse_dsn(config.dsn or embedded_dsn(data_dir), config.database).folder


def connect(
    target: Target, config: TelemetryConfig, *, database: str, read_only: bool = False
) -> Client:
    """Open a client of its own session; a read-only one can never be made to write.

    ``readonly`` comes last: once it is set, an embedded session takes no further setting.
    Raises StoreOpenError when the engine or server does not answer.
    """
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import ClickHouseError

    settings = _settings(config, read_only=read_only)
    try:
        if target.folder is not None:
            with held_back():
                import chdb  # noqa: F401  what it raises within would come as an ImportError
            return clickhouse_connect.get_client(
                interface="chdb",
                path=str(target.folder),
                database=database or None,
                chdb_options=_ENGINE_OPTIONS,
                settings=settings,
            )
        return clickhouse_connect.get_client(
            host=target.host,
            port=target.port,
            username=target.user,
            password=target.password,
            secure=target.secure,
            database=database or None,
            settings=settings,
            autogenerate_session_id=False,
            connect_timeout=_CONNECT_S,
            send_receive_timeout=config.query_seconds + _CONNECT_S,
        )
    except RuntimeError as error:
        # Before there is a folder at all, chDB makes one among temporary files as it is loaded.
        raise StoreOpenError(
            f"the embedded ClickHouse does not load: {one_line(error)}",
            unaffected="nothing was read or written",
            next_step="check that the folder for temporary files (TMPDIR, else /tmp) can be "
            "written, and that there is memory",
        ) from error
    except ClickHouseError as error:
        raise StoreOpenError(
            f"cannot open {target.described}: {one_line(error)}",
            unaffected="nothing was read or written",
            next_step="check store.telemetry.dsn, and that the server is up",
        ) from error


def _settings(config: TelemetryConfig, *, read_only: bool) -> dict[str, Any]:
    """What a session is bounded by; ``readonly`` is the last."""
    settings: dict[str, Any] = {
        "session_timezone": "UTC",
        "max_threads": config.query_threads,
        "max_execution_time": config.query_seconds,
        "max_memory_usage": config.query_memory_mb * MIB,
        "max_bytes_before_external_group_by": config.query_memory_mb * MIB // 2,
        "max_bytes_before_external_sort": config.query_memory_mb * MIB // 2,
        "output_format_arrow_string_as_string": 1,
        "output_format_arrow_low_cardinality_as_dictionary": 0,
        "asterisk_include_alias_columns": 1,
    }
    if read_only:
        settings["readonly"] = 1
    return settings
