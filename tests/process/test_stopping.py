"""A program that is asked to end by a signal does so in order."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from sensorium.cli.ending import breaking_off
from sensorium.process.stopping import held_back, told_to_stop


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_is_told_by(number: signal.Signals) -> None:
    # Whoever runs the tests may ignore it, as a shell does for what runs in the background.
    before = signal.signal(number, signal.SIG_DFL)

    async def scenario() -> None:
        stop = told_to_stop()
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 10)

    try:
        asyncio.run(scenario())
    finally:
        signal.signal(number, before)


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def scenario() -> None:
        stop = told_to_stop()
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.05)
        assert not stop.is_set()

    try:
        asyncio.run(scenario())
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_held_back_comes_afterwards(number: signal.Signals) -> None:
    whole = False

    def loading() -> None:
        nonlocal whole
        with held_back():
            os.kill(os.getpid(), number)
            whole = True

    with breaking_off(), pytest.raises(KeyboardInterrupt):
        loading()
    assert whole
