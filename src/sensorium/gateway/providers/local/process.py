"""Starts and ends the process that holds a local model."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.providers.failures import unreachable
from sensorium.gateway.providers.secret import Secret

# The process needs no credential, so it is given none.
_PASSED: Final = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME", "PYTHONPATH", "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES", "SYSTEMROOT",
)  # fmt: skip
_START_S: Final = 300.0
_END_S: Final = 5.0


class ModelProcess:
    """One running model. ``url`` and ``key`` are how it is reached."""

    def __init__(self, process: Process, url: str, key: Secret) -> None:
        self._process = process
        self.url = url
        self.key = key

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self._process.returncode is None

    async def end(self) -> None:
        """End it, by its closed standard input or, where that does not help, at once."""
        await _end(self._process)


async def start(config: ProviderConfig, environment: Mapping[str, str]) -> ModelProcess:
    """Start the process and wait until the model is loaded; raises ``CallFailedError``."""
    key = secrets.token_urlsafe(24)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "sensorium.gateway.providers.local.child",
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env={name: environment[name] for name in _PASSED if name in environment},
    )
    asked = {
        "model_file": config.model_file,
        "context_tokens": config.context_tokens,
        "threads": config.threads,
        "key": key,
    }
    try:
        answer = await asyncio.wait_for(_answer(process, asked), _START_S)
    except BaseException as error:
        await _end(process)
        if isinstance(error, TimeoutError | ConnectionError | ValueError):
            raise unreachable("the local model did not start", "local_start") from None
        raise
    if "url" not in answer:
        await _end(process)
        why = str(answer.get("error", "")).partition("\n")[0][:200]
        raise unreachable(f"the local model cannot be loaded: {why}", "local_start")
    return ModelProcess(process, answer["url"], Secret(key))


async def _answer(process: Process, asked: Mapping[str, Any]) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asked).encode() + b"\n")
    await process.stdin.drain()
    return json.loads(await process.stdout.readline())


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _END_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
