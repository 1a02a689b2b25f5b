"""The shop application's process on its host."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from lab.machine import Machine
from lab.services import database

PORT = 8000
_PROGRAM = "/opt/shop/shop.py"


def install(machine: Machine, version: str) -> None:
    """Put the application in place under its version."""
    source = Path(__file__).parent.parent / "software" / "shop.py"
    machine.put(_PROGRAM, source.read_bytes(), 0o755)
    machine.put("/opt/shop/VERSION", version + "\n")


def start(machine: Machine, database_host: str) -> subprocess.Popen[bytes]:
    """Start the application; it answers within a second or two."""
    return machine.spawn(
        "shop",
        "setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups", "--",
        "/usr/bin/python3", _PROGRAM,
        environment={
            "SHOP_DSN": f"host={database_host} dbname={database.DATABASE} "
            f"user={database.USER} password={database.PASSWORD} connect_timeout=3",
            "SHOP_PORT": str(PORT),
            "SHOP_PID_FILE": "/tmp/shop.pid",
        },
    )  # fmt: skip


def send(machine: Machine, signal_name: str) -> None:
    """Send the application a signal (``TERM``, ``KILL``, ``STOP``, ``CONT``)."""
    pid = machine.path("/tmp/shop.pid").read_text().strip()
    machine.run("kill", f"-{signal_name}", pid, check=False)


def wait_until_up(machine: Machine, seconds: float = 15) -> bool:
    """Wait until the application answers; False if it did not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done = machine.run(
            "curl", "-sf", "-m", "2", "-o", "/dev/null", f"http://127.0.0.1:{PORT}/alive",
            check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return True
        time.sleep(0.3)
    return False
