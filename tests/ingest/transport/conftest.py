"""Coroutine tests run under asyncio, as the service does."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The only event loop that Sensorium runs on."""
    return "asyncio"
