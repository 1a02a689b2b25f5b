"""The processes of a run: an upstream, our gateway, and LiteLLM's proxy in its own environment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peer_environment import peer_python
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
LITELLM = "1.106.2"
LITELLM_KEY = "sk-benchmark"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Peer:
    """Something to send requests to; ``config`` is our gateway's settings file."""

    name: str
    url: str
    key: str
    pid: int
    config: Path | None = None

    def cpu_s(self) -> float:
        """Processor time that it and its children have used."""
        return sum(_cpu_s(pid) for pid in _family(self.pid))

    def memory_mib(self) -> float:
        """Resident memory of it and its children."""
        pages = 0
        for pid in _family(self.pid):
            with contextlib.suppress(OSError):
                pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * _PAGE / 2**20


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += _family(int(child))
    return found


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextlib.contextmanager
def process(
    command: Sequence[str | Path], log: Path, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block; its words go to ``log``."""
    with log.open("wb") as out:
        running = subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=out,
            cwd=ROOT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        try:
            yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGTERM)
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()


@contextlib.contextmanager
def upstream(*, latency_ms: float = 0.0, chunks: int = 64) -> Iterator[Peer]:
    """A mock upstream in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.gateway.upstream"]
        command += ["--latency-ms", str(latency_ms), "--chunks", str(chunks)]
        with process(command, Path(folder) / "log") as running:
            assert running.stdout is not None
            port = int(running.stdout.readline())
            yield Peer("direct", f"http://127.0.0.1:{port}", "none", running.pid)


OURS = "ours"


@contextlib.contextmanager
def ours(
    behind: Peer, *, budget: int | None = None, dsn: str = "", workers: int = 1
) -> Iterator[Peer]:
    """Our gateway in a process of its own: a virtual key, the ledger on, no access log.

    ``budget`` in nano-dollars is that of the key's team; ``dsn`` where the ledger is kept.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "gateway.yaml"
        config.write_text(_settings(behind, port, folder, dsn))
        (folder / "prices.toml").write_text(_PRICES)
        key = _make_key(config, budget)
        command = [sys.executable, "-m", "sensorium", "gateway", "run", "--config", str(config)]
        command += ["--workers", str(workers)]
        with process(command, folder / "log") as running:
            peer = Peer(OURS, f"http://127.0.0.1:{port}", key, running.pid, config)
            wait_for(f"{peer.url}/readyz", running, folder / "log")
            yield peer


_PRICES = """
version = "benchmark"
[openai]
mock = { input = "1", output = "2", longest = 64 }
"""


def _settings(behind: Peer, port: int, folder: Path, dsn: str) -> str:
    return f"""
data_dir: {folder}
door: {{port: {port}, access_log: false}}
ledger: {{prices: prices.toml, dsn: "{dsn}"}}
providers:
  - {{name: mock, base_url: {behind.url}/v1, allow_private_destinations: true}}
models:
  - {{name: mock, deployments: [{{provider: mock, model: mock}}]}}
"""


def _make_key(config: Path, budget: int | None) -> str:
    """A key of a team, which has the budget."""
    from sensorium.cli.gateway.settings import load_settings
    from sensorium.gateway.access.permission import OPERATOR
    from sensorium.gateway.access.records import Kind
    from sensorium.gateway.access.roles import Role
    from sensorium.gateway.ledger import Limit
    from sensorium.gateway.service import open_gateway
    from sensorium.observe import Observe

    opened = open_gateway(load_settings(config), Observe(), {})
    directory = opened.directory
    # Its own for each run: a database server's database may serve several.
    name = f"benchmark {secrets.token_hex(4)}"
    organisation = directory.create(OPERATOR, Kind.ORGANISATION, name)
    team = directory.create(
        OPERATOR, Kind.TEAM, "benchmark", parent_id=organisation.id, role=Role.SERVICE
    )
    directory.set_limit(OPERATOR, f"team:{team.id}", Limit(budget=budget or 10**15))
    key = directory.create_key(OPERATOR, team.id, "benchmark").secret.text
    asyncio.run(opened.close())
    return key


@contextlib.contextmanager
def litellm(behind: Peer) -> Iterator[Peer]:
    """LiteLLM's proxy with one worker and a master key, and no database."""
    port = free_port()
    settings = f"""
model_list:
  - model_name: mock
    litellm_params:
      model: openai/mock
      api_base: {behind.url}/v1
      api_key: none
general_settings:
  master_key: {LITELLM_KEY}
litellm_settings:
  telemetry: false
"""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(settings)
        command = [str(install_litellm() / "litellm"), "--config", str(config)]
        command += ["--port", str(port)]
        command += ["--host", "127.0.0.1", "--num_workers", "1"]
        log = Path(folder) / "log"
        environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
        with process(command, log, **environment) as running:
            peer = Peer("LiteLLM " + LITELLM, f"http://127.0.0.1:{port}", LITELLM_KEY, running.pid)
            wait_for(f"{peer.url}/health/liveliness", running, log)
            yield peer


def install_litellm() -> Path:
    """The folder of the peer's programs, in an environment of its own."""
    return peer_python("litellm", [f"litellm[proxy]=={LITELLM}"]).parent


def wait_for(url: str, running: subprocess.Popen[bytes], log: Path, limit_s: float = 120.0) -> None:
    """Wait until a URL answers; says what the process logged where it never does."""
    ends = time.monotonic() + limit_s
    while time.monotonic() < ends and running.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer:\n{log.read_text()[-2000:]}")
