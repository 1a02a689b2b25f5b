"""What all tests share: reproducible property tests, and data that only some machines have."""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
from functools import cache
from pathlib import Path
from typing import Any

import httpx._transports.default as transports
import pytest
import uvicorn.server
from hypothesis import HealthCheck, Phase, settings

ROOT = Path(__file__).resolve().parent.parent

# Thousands of modules are imported and ten thousand tests made: looking for cycles all the time
# would take a sixth of that, and a twentieth of the tests' own time.
gc.set_threshold(50_000, 20, 50)

# `make test` runs few examples, the same each time, and reports the first failing one as it is:
# shrinking it may take minutes. `make fuzz` runs many, new each time, and shrinks.
settings.register_profile(
    "test",
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "fuzz",
    max_examples=20_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("test")


class _Sooner:
    """asyncio as uvicorn's server has it, which looks ten times a second whether it has to end and
    takes as long again to do so: a fifth of a second for each of hundreds of servers."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / 20)


uvicorn.server.asyncio = _Sooner()  # type: ignore[attr-defined]


_context_of = transports.create_ssl_context


@cache
def _trusting_all_authorities() -> ssl.SSLContext:
    return _context_of()


def _once(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
    """httpx reads all authorities for each client, thirty milliseconds long, also for http."""
    if verify is not True or cert or {"SSL_CERT_FILE", "SSL_CERT_DIR"} & os.environ.keys():
        return _context_of(verify, cert, trust_env)
    return _trusting_all_authorities()


transports.create_ssl_context = _once


def pytest_collection_finish() -> None:
    """Ten thousand tests are there until the end: the collector need not look at them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real telemetry made by others, kept beside the checkout and never in it; skips without."""
    folder = Path(os.environ.get("SENSORIUM_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (SENSORIUM_TEST_DATA names another place)")
    return folder
