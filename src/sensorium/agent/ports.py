"""The port that a story names, whichever of its names a clue has it by."""

from __future__ import annotations

from collections.abc import Iterable

from sensorium.agent.clue import Clue
from sensorium.topology.port_names import find_port


def about(clues: Iterable[Clue], cause: str) -> tuple[Clue, ...]:
    """The clues about a cause: a device, or a port of one (``DEVICE#NAME``).

    A log line may call a port otherwise than its cable or its flows do.
    """
    device, _, port = cause.partition("#")
    if not port:
        return tuple(c for c in clues if c.subject == cause)
    mine = [c for c in clues if c.subject.startswith(f"{device}#")]
    name = find_port(port, (c.subject.partition("#")[2] for c in mine))
    return tuple(c for c in mine if c.subject == f"{device}#{name}")
