"""The recognisers that rules ask: one for all rules of the same settings."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, Any, Self

from sensorium.errors import UsageError
from sensorium.gateway.guardrails.named_entities.process import Processes
from sensorium.gateway.guardrails.named_entities.remembering import Remembering

if TYPE_CHECKING:
    from sensorium.gateway.guardrails.config import NamedEntitiesConfig
    from sensorium.observe import Observe


class Recognisers:
    """Started when they are first asked for, ended by ``close``."""

    def __init__(self) -> None:
        self._made: dict[str, Remembering] = {}

    def of(self, config: NamedEntitiesConfig, observe: Observe) -> Remembering:
        """The recogniser of these settings; raises ``UsageError`` where it cannot work here."""
        asked: dict[str, Any] = {
            "model": config.model,
            "language": config.language,
            "entities": sorted(set(config.entities)),
            "threshold": config.threshold,
        }
        key = f"{asked} {config.processes}"
        if key not in self._made:
            try:
                self._made[key] = _started(asked, config, observe)
            except UsageError as error:
                raise UsageError(
                    f"guardrails.named_entities: {error.message}", next_step=error.next_step
                ) from None
        return self._made[key]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def processes(self) -> list[Popen[bytes]]:
        """All processes, those that have ended included."""
        return [one for made in self._made.values() for one in made.processes()]

    def close(self) -> None:
        """End all processes. More than once does nothing."""
        for one in self._made.values():
            one.close()


def _started(asked: dict[str, Any], config: NamedEntitiesConfig, observe: Observe) -> Remembering:
    check_installed(config.model)
    restarts = observe.counter(
        "sensorium_gateway_recogniser_restarts",
        "Processes that find named entities, started anew because one had died or hung",
    )
    refused = observe.counter(
        "sensorium_gateway_recogniser_refused",
        "What processes that find named entities tried and may not: network, processes",
    )
    return Remembering(Processes(asked, config.processes, restarts.inc, refused.inc))


def check_installed(model: str) -> None:
    """Raises ``UsageError`` where Presidio, spaCy or the model is not there."""
    missing = [one for one in ("presidio_analyzer", "spacy") if find_spec(one) is None]
    if missing:
        raise UsageError(
            f"{' and '.join(missing)} missing",
            next_step="pip install 'sensorium[presidio]'",
        )
    if model and not Path(model).exists():
        try:
            distribution(model)
        except (PackageNotFoundError, ValueError):
            raise UsageError(
                f"the spaCy model {model!r} is not installed, and nothing is downloaded here",
                next_step=f"`python -m spacy download {model}` or `pip install` its wheel; or name"
                " the folder of a model",
            ) from None
