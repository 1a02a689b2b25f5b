"""What starts a service and keeps what it is given, for tests without systemd itself."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sensorium.process.handover import Held


@dataclass
class Manager:
    """Takes what a service tells and gives, as systemd does: sd_notify(3)."""

    path: Path
    told: list[str] = field(default_factory=list)
    given: dict[str, list[socket.socket]] = field(default_factory=dict)

    def held(self) -> list[Held]:
        """What the next process is given."""
        return [Held(name, one.dup()) for name, those in self.given.items() for one in those]

    def wait_for(self, message: str) -> None:
        deadline = time.monotonic() + 30
        while message not in self.told:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def take(self, listening: socket.socket) -> None:
        while True:
            message, files, _, _ = socket.recv_fds(listening, 4096, 253)
            if not message:
                return
            said = dict(line.split("=", 1) for line in message.decode().splitlines())
            self.told.append(" ".join(message.decode().splitlines()))
            if "FDSTORE" in said:
                stored = [socket.socket(fileno=file) for file in files]
                self.given.setdefault(said["FDNAME"], []).extend(stored)
            elif "FDSTOREREMOVE" in said:
                for one in self.given.pop(said["FDNAME"], []):
                    one.close()
            elif "BARRIER" in said:
                for file in files:
                    os.close(file)


@contextmanager
def managed(folder: Path) -> Iterator[Manager]:
    manager = Manager(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(manager.path))
        thread = threading.Thread(target=manager.take, args=[listening])
        thread.start()
        try:
            yield manager
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", str(manager.path))
            thread.join()
            for one in (one for those in manager.given.values() for one in those):
                one.close()
