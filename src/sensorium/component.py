"""What a running part is: settings fields, health, and the protocol the supervisor drives."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


def setting(default: Any, doc: str, *, path: bool = False, **constraints: Any) -> Any:
    """Declare one field of a part's frozen config dataclass.

    ``doc`` is the one-line explanation printed in the generated ``sensorium.yaml``; units belong
    in it or in the field's name. ``constraints`` are pydantic's (``ge``, ``le``, ``pattern``...)
    and are checked by :mod:`sensorium.config` when settings are loaded, not here. A callable
    default is a factory. ``path`` marks text that is the path of a file or folder, which a settings
    file means from its own folder on, as it does a :class:`~pathlib.Path`.
    """
    metadata = {"doc": doc, "path": path, "constraints": constraints}
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


class HealthState(StrEnum):
    """Whether a part does its work: ``starting`` and ``failed`` make ``/readyz`` answer 503."""

    STARTING = "starting"
    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Health:
    """A part's own word on how it is, with a sentence for people."""

    state: HealthState
    detail: str = ""


class Component(Protocol):
    """A running part: inert when constructed, at work in :meth:`run`, stopped by cancellation."""

    @property
    def name(self) -> str:
        """The part's name in logs, metrics and ``/healthz``."""

    async def run(self) -> None:
        """Do the work until cancelled; release everything on the way out."""

    def health(self) -> Health:
        """Say how the part is, cheaply and without blocking."""
