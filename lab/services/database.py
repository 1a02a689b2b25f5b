"""PostgreSQL with the shop's tables."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from lab.machine import Machine, MachineError

DATABASE, USER, PASSWORD = "shop", "shop", "till-roll-7"
_DATA = "/var/lib/postgresql/lab"
_AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--")

_SETTINGS = """\
listen_addresses = '*'
unix_socket_directories = '/run/postgresql'
max_connections = 40
shared_buffers = 24MB
fsync = off
jit = off
log_destination = 'syslog'
syslog_sequence_numbers = off
log_connections = on
log_disconnections = off
log_checkpoints = on
log_min_duration_statement = 400
log_lock_waits = on
log_line_prefix = '%q%u@%d %h '
cluster_name = 'main'
autovacuum_naptime = 20s
checkpoint_timeout = 5min
"""

_TABLES = """\
CREATE TABLE products (id int PRIMARY KEY, name text, price numeric, stock int);
INSERT INTO products SELECT i, 'product ' || i, (i * 7 % 900 + 100) / 10.0, 10000
  FROM generate_series(1, 2000) i;
CREATE TABLE orders (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), product int,
  total numeric);
CREATE FUNCTION price_of(wanted int) RETURNS numeric LANGUAGE plpgsql STABLE AS
  $$ BEGIN RETURN (SELECT price FROM products WHERE id = wanted); END $$;
GRANT ALL ON products, orders TO shop;
GRANT USAGE ON SEQUENCE orders_id_seq TO shop;
"""

# What a careless migration did to the price lookup; restore() puts the good one back.
_SLOW = """\
CREATE OR REPLACE FUNCTION price_of(wanted int) RETURNS numeric LANGUAGE plpgsql STABLE AS
  $$ BEGIN PERFORM pg_sleep({low} + random() * {spread});
     RETURN (SELECT price FROM products WHERE id = wanted); END $$;
"""
_GOOD = """\
CREATE OR REPLACE FUNCTION price_of(wanted int) RETURNS numeric LANGUAGE plpgsql STABLE AS
  $$ BEGIN RETURN (SELECT price FROM products WHERE id = wanted); END $$;
"""


def programs() -> Path:
    """The folder of the newest PostgreSQL's programs on this computer."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not folders:
        raise MachineError("no PostgreSQL server is installed; install postgresql")
    return folders[-1]


def prepare(machine: Machine, application: str, local_network: str) -> None:
    """Make the database's files and start it; ``application`` is the host that may enter."""
    machine.run("install", "-d", "-o", "postgres", "-g", "postgres", "-m", "700", _DATA)
    machine.run("install", "-d", "-o", "postgres", "-g", "postgres", "/run/postgresql")
    machine.run(
        *_AS_POSTGRES, str(programs() / "initdb"), "-D", _DATA, "-A", "peer", "--locale=C.UTF-8",
        "-E", "UTF8", "--no-sync",
    )  # fmt: skip
    config = machine.path(f"{_DATA}/postgresql.conf")
    config.write_text(config.read_text() + _SETTINGS)
    allowed = machine.path(f"{_DATA}/pg_hba.conf")
    allowed.write_text(
        f"local all postgres peer\nhost all {USER} {application}/32 scram-sha-256\n"
        f"host all all {local_network} reject\n"
    )
    start(machine)
    statement(
        machine, f"CREATE USER {USER} PASSWORD '{PASSWORD}'; ALTER USER {USER} CONNECTION LIMIT 36"
    )
    statement(machine, f"CREATE DATABASE {DATABASE} OWNER {USER}")
    statement(machine, _TABLES, DATABASE)


def start(machine: Machine) -> subprocess.Popen[bytes]:
    """Start the server and wait until it answers."""
    process = machine.spawn("postgres", *_AS_POSTGRES, str(programs() / "postgres"), "-D", _DATA)
    for _ in range(100):
        if machine.run("pg_isready", "-q", "-h", "/run/postgresql", check=False).returncode == 0:
            return process
        time.sleep(0.1)
    raise MachineError(f"PostgreSQL on {machine.name} did not answer within 10 seconds")


def stop(machine: Machine, mode: str = "immediate") -> None:
    """Stop the server: ``fast`` as an operator does, ``immediate`` as a crash does."""
    machine.run(*_AS_POSTGRES, str(programs() / "pg_ctl"), "-D", _DATA, "-m", mode, "-W", "stop")


def statement(machine: Machine, sql: str, database: str = "postgres") -> None:
    """Run SQL as the database's owner."""
    machine.run(
        *_AS_POSTGRES, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", "/run/postgresql", database,
        stdin=sql,
    )  # fmt: skip


def slow_down(machine: Machine, low: float, spread: float) -> None:
    """Make each price lookup take ``low`` to ``low + spread`` seconds."""
    statement(machine, _SLOW.format(low=low, spread=spread), DATABASE)


def restore(machine: Machine) -> None:
    """Undo :func:`slow_down`."""
    statement(machine, _GOOD, DATABASE)
