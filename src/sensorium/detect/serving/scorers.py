"""Which scorers there are, and the one that a request is answered by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from sensorium.detect.serving.answer import Answer
from sensorium.detect.serving.asked import SERIES, Asked, nearest
from sensorium.detect.serving.refusal import Reason, RefusedError, shown
from sensorium.detect.serving.series import ABOUT, score_series
from sensorium.detect.serving.vectors import card_as_json, score_vectors
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from sensorium.detect.models import Loaded, ModelRegistry

_KEPT: Final = 8
"""So many models are kept in memory, those asked last."""


class Scorers:
    """The built-in scorer, and the models of a registry. Asked by several threads at once."""

    def __init__(self, registry: ModelRegistry, clock_ns: Callable[[], int]) -> None:
        self._registry = registry
        self._clock_ns = clock_ns
        self._kept: OrderedDict[tuple[str, int], Loaded] = OrderedDict()
        self._answered: dict[str, Loaded] = {}
        self._lock = Lock()

    def score(self, asked: Asked) -> Answer:
        """Score the rows; RefusedError where the model is not known or the rows do not fit it."""
        if asked.model == SERIES:
            return score_series(asked)
        return score_vectors(asked, self._found(asked.model), self._clock_ns())

    def models(self) -> list[Mapping[str, Any]]:
        """What there is to score with, by name and version."""
        return [ABOUT, *(one for name in self._registry.names() for one in self._versions(name))]

    def model(self, name: str) -> list[Mapping[str, Any]]:
        """All versions of one model; RefusedError where there is none."""
        if name == SERIES:
            return [ABOUT]
        self._check_known(name)
        return self._versions(name)

    def _versions(self, name: str) -> list[Mapping[str, Any]]:
        standing = self._registry.standing(name)
        states = {standing.shadow: "shadow", standing.active: "active"}
        now_ns = self._clock_ns()
        return [
            card_as_json(card, states.get(card.version, "kept"), now_ns)
            for card in self._registry.cards(name)
        ]

    def _check_known(self, name: str) -> None:
        names = [SERIES, *self._registry.names()]
        if name not in names:
            raise _unknown(f"there is no model {shown(name)}", nearest(name, names, "models"))

    def _found(self, model: str) -> Loaded:
        """The model that is meant by ``name`` (the active version) or ``name@version``."""
        name, at, said = model.partition("@")
        if name == SERIES:
            raise _unknown(
                f"the model {SERIES} has the version of the software and no other",
                f"ask for {SERIES}",
            )
        if not at:
            return self._active(name)
        version = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0
        if (name, version) not in self._kept:
            self._check_known(name)
            versions = [card.version for card in self._registry.cards(name)]
            if version not in versions:
                raise _unknown(
                    f"the model {name} has no version {shown(said)}",
                    f"versions are: {', '.join(map(str, versions)) or 'none'}",
                )
        try:
            return self._loaded(name, version)
        except SensoriumError as error:  # damaged, or of a kind whose library is not installed
            raise _cannot_be_used(error) from error

    def _active(self, name: str) -> Loaded:
        """The active version; where it cannot be used, the one that answered before."""
        if name not in self._answered:
            self._check_known(name)
        version = self._registry.standing(name).active
        if version is None:
            versions = ", ".join(f"{name}@{card.version}" for card in self._registry.cards(name))
            raise _unknown(
                f"no version of {name} is active", f"ask for one: {versions}" if versions else ""
            )
        try:
            self._answered[name] = self._loaded(name, version)
        except SensoriumError as error:  # a damaged one is counted by the registry
            if name not in self._answered:
                raise _cannot_be_used(error) from error
        return self._answered[name]

    def _loaded(self, name: str, version: int) -> Loaded:
        """A version out of memory, else out of the registry. A version never changes."""
        with self._lock:
            loaded = self._kept.pop((name, version), None)
            if loaded is None:
                loaded = self._registry.load(name, version)
            self._kept[name, version] = loaded
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return loaded


def _unknown(message: str, next_step: str) -> RefusedError:
    return RefusedError(404, Reason.UNKNOWN_MODEL, message, next_step=next_step)


def _cannot_be_used(error: SensoriumError) -> RefusedError:
    return RefusedError(503, Reason.MODEL, error.message, next_step=error.next_step)
