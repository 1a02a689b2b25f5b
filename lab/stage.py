"""Where a scenario plays: the running network, the clock, and a way to be interrupted."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from lab.machine import Machine
from lab.plan import Slot
from lab.site import Host, Site
from lab.truth import Cast, Phase
from lab.wiring import Network


class Interrupted(Exception):  # noqa: N818 - it is no error
    """The lab is ending; a scenario lets this pass through."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment, as the deployment system reports it."""

    id: str
    service: str
    host: str
    port: int
    version: str
    previous: str
    started: str
    finished: str
    by: str
    status: str


class Stage:
    """One scenario's view of the lab. Not shared between scenarios."""

    def __init__(
        self,
        network: Network,
        slot: Slot,
        cast: Cast,
        ending: threading.Event,
        deployed: Callable[[Deployment], None],
    ) -> None:
        self.network = network
        self.site: Site = network.site
        self.slot = slot
        self.cast = cast
        self.rng = random.Random(f"stage-{self.site.seed}-{slot.id}")
        self.phases: list[Phase] = []
        self.deployed = deployed
        self._ending = ending

    def machine(self, name: str) -> Machine:
        """The machine that the cast's parameter ``name`` names."""
        return self.network[str(self.cast.parameters[name])]

    def host(self, name: str) -> Host:
        """The host that the cast's parameter ``name`` names."""
        return self.site.named(str(self.cast.parameters[name]))

    def number(self, name: str) -> float:
        """A number the cast decided."""
        return float(self.cast.parameters[name])

    def wait(self, seconds: float) -> None:
        """Pause; Interrupted if the lab ends meanwhile."""
        if self._ending.wait(max(0.0, seconds)):
            raise Interrupted

    def until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Wait until ``ready`` says so; False if it did not within ``seconds``."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if ready():
                return True
            self.wait(0.5)
        return False

    @contextmanager
    def phase(self, name: str, detail: str) -> Iterator[None]:
        """Do the body as one phase of the truth, timed by the wall clock."""
        start = time.time_ns()
        say(f"{self.slot.id}: {name}: {detail}")
        try:
            yield
        finally:
            self.phases.append(Phase(name, start, time.time_ns(), detail))


def say(text: str) -> None:
    """Tell the person at the terminal what happens now."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)
