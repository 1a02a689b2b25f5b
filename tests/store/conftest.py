"""Real stores for tests: the embedded engine, the engine behind HTTP, SQLite, PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sensorium.observe import Observe
from sensorium.store.records import Records, RecordsConfig, open_records
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry

HERE = Path(__file__).parent


@pytest.fixture
def observe() -> Observe:
    """Counters of one test."""
    return Observe()


@pytest.fixture
def telemetry(tmp_path: Path, observe: Observe) -> Iterator[ClickHouseTelemetry]:
    """An empty embedded store."""
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    yield store
    store.close()


class Engine:
    """The engine in another process, behind ClickHouse's HTTP interface."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = ""
        self.start()

    @property
    def url(self) -> str:
        """Host and port, for a DSN."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it; a second time on the port it had."""
        script = HERE / "telemetry" / "clickhouse_over_http.py"
        command = [sys.executable, str(script), str(self._folder), *self._port.split()]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._port = self._process.stdout.readline().strip()

    def stop(self) -> None:
        """Stop it, if it runs; its data stays."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty ClickHouse behind HTTP."""
    started = Engine(tmp_path / "engine")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL cluster of its own on a Unix socket; its folder. Skips where none can be."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (sensorium[postgresql])")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL binaries in /usr/lib/postgresql")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("PostgreSQL does not run as root, and setpriv is missing")
    programs = found[-1].parent
    # Not under pytest's folders: they are private to root, and a socket's path must be short.
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, stdout=subprocess.DEVNULL, cwd=folder)

    run(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "test", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    control = str(programs / "pg_ctl")
    run(control, "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    yield str(folder)
    run(control, "-D", str(data), "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_dsn(postgresql: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database on the cluster."""
    import psycopg

    name = f"t{abs(hash(request.node.nodeid))}"
    admin = f"host={postgresql} user=test dbname=postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"postgresql://test@/{name}?host={postgresql}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def records_config(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsConfig:
    """Settings of an empty records database, of each kind in turn."""
    if request.param == "sqlite":
        return RecordsConfig(dsn=f"sqlite:///{tmp_path}/records.sqlite")
    return RecordsConfig(dsn=request.getfixturevalue("postgresql_dsn"))


@pytest.fixture
def records(records_config: RecordsConfig, observe: Observe) -> Iterator[Records]:
    """An empty records store, of each kind in turn."""
    opened = open_records(records_config, observe)
    yield opened
    opened.close()


@pytest.fixture
def run_python() -> Callable[..., subprocess.Popen[str]]:
    """Start a Python program in a process of its own, its output a pipe."""

    def start(program: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    return start
