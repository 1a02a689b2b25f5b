"""Where a topology comes from: a recording, the service that owns the data, or the data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.cli.context import Home

if TYPE_CHECKING:
    from sensorium.cli.service import Service
    from sensorium.config import Settings
    from sensorium.topology.answers import Topology

Answer = dict[str, Any]


class Asked:
    """Answers of this process, or of the running service."""

    def __init__(self, topology: Topology | None, service: Service | None, until: str = "") -> None:
        self._topology, self._service, self._until = topology, service, until

    def show(self) -> Answer:
        """Every node and link."""
        return self._ask("/topology") if self._topology is None else self._topology.show()

    def impact(self, node: str) -> Answer:
        """What is lost without a node."""
        if self._topology is None:
            return self._ask("/topology/impact", node=node)
        return self._topology.impact(node)

    def path(self, one: str, other: str) -> Answer:
        """How two nodes are connected."""
        if self._topology is None:
            return self._ask("/topology/path", one=one, other=other)
        return self._topology.path(one, other)

    def _ask(self, path: str, **query: str) -> Answer:
        assert self._service is not None
        answer: Answer = self._service.get(
            path, **query, **({"until": self._until} if self._until else {})
        )
        return answer


@contextmanager
def asked(
    home: Home, recording: Path | None, inventory: tuple[Path, ...], until: str
) -> Iterator[Asked]:
    """Whatever can answer; ``inventory`` files come beside those of the settings.

    What came after ``until``, a time as text, is left out where one is given.
    """
    settings = _with(home.settings, inventory)
    if recording is not None:
        from sensorium.app.recorded import recorded_telemetry

        with recorded_telemetry(recording, settings) as telemetry:
            yield Asked(_topology(telemetry, settings, until), None)
        return
    service = home.service()
    if service is not None:
        if inventory:
            from sensorium.errors import UsageError

            raise UsageError(
                "a running service answers from the inventory of its own settings",
                next_step="name the files in topology.inventory, or leave out --inventory",
            )
        yield Asked(None, service, until)
        return
    with home.telemetry() as telemetry:
        yield Asked(_topology(telemetry, settings, until), None)


def _with(settings: Settings, inventory: tuple[Path, ...]) -> Settings:
    more = (*settings.topology.inventory, *inventory)
    return replace(settings, topology=replace(settings.topology, inventory=more))


def _topology(telemetry: Any, settings: Settings, until: str) -> Topology:
    from sensorium.moments import moment_ns
    from sensorium.topology.answers import Topology
    from sensorium.topology.survey import LATEST_NS

    networks = settings.agent.internal_networks
    until_ns = moment_ns(until) if until else LATEST_NS
    return Topology.learnt(telemetry.query, settings.topology, networks, until_ns)
