"""``sensorium links serve`` in a process of its own, and how long it takes to answer."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from sensorium.links.models import bundle
from sensorium.links.models.model import LinkModel

_UNMEASURED = 200
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")


@contextmanager
def serving(model: LinkModel, folder: Path) -> Iterator[str]:
    """Save a model, serve it on a free port, and give the URL of its graph."""
    bundle.save(model, folder / "friends")
    command = [sys.executable, "-m", "sensorium", "links", "serve", str(folder / "friends")]
    process = subprocess.Popen(
        [*command, "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        assert process.stderr is not None
        said = ""
        while not said.startswith("serving friends at "):
            said = process.stderr.readline()
            if not said:
                raise RuntimeError("the service has ended")
        yield said.split()[-1]
    finally:
        process.terminate()
        process.wait(30)


def latencies(url: str, nodes: Sequence[str]) -> list[float]:
    """Milliseconds from asking to having the whole answer, one request after the other.

    The client is a socket and no more: Python's own, ``http.client``, takes 0.2 ms to read an
    answer's head, which is not the service's time.
    """
    parts = urlsplit(url)
    taken = []
    with socket.create_connection((str(parts.hostname), parts.port), 30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for node in (*nodes[:_UNMEASURED], *nodes):
            path = f"{parts.path}/recommendations/{quote(node)}?top=5"
            request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
            began = time.perf_counter()
            connection.sendall(request)
            head, body = _answer(connection)
            taken.append((time.perf_counter() - began) * 1e3)
            if not head.startswith(b"HTTP/1.1 200 ") or not body.startswith(b"{"):
                raise RuntimeError((head + b"\n" + body).decode())
    return taken[min(_UNMEASURED, len(nodes)) :]


def _answer(connection: socket.socket) -> tuple[bytes, bytes]:
    """The head and the whole body of one answer."""
    got = b""
    while True:
        some = connection.recv(1 << 16)
        if not some:
            raise RuntimeError("the service has closed the connection")
        got += some
        head, ended, body = got.partition(b"\r\n\r\n")
        if ended:
            length = int(_LENGTH.search(head)[1])  # type: ignore[index]  # it says so always
            if len(body) >= length:
                return head, body
