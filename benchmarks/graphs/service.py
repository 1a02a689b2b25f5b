"""``sensorium links serve`` in a process of its own, and how long it takes to answer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from sensorium.links.models import bundle
from sensorium.links.models.model import LinkModel

_UNMEASURED = 200


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
    """Milliseconds from asking to having the whole answer, one request after the other."""
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port)
    taken = []
    for node in (*nodes[:_UNMEASURED], *nodes):
        began = time.perf_counter()
        connection.request("GET", f"{parts.path}/recommendations/{node}?top=5")
        answer = connection.getresponse()
        body = answer.read()
        taken.append((time.perf_counter() - began) * 1e3)
        if answer.status != 200:
            raise RuntimeError(body.decode())
    connection.close()
    return taken[min(_UNMEASURED, len(nodes)) :]
