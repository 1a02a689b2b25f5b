"""Who fills a role now: the registry looked at between windows, and the model kept in memory."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sensorium.detect.models.autoencoder_model import Autoencoder
from sensorium.detect.models.card import ModelCard
from sensorium.detect.models.errors import ModelRefusedError, Refusal
from sensorium.detect.models.forest_model import ForestModel
from sensorium.detect.models.talk_model import TalkModel
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from sensorium.detect.models.registry import ModelRegistry
    from sensorium.observe.facade import Observe

Sitting = ForestModel | Autoencoder | TalkModel


class Role(StrEnum):
    """What a model in use does."""

    ACTIVE = "active"
    SHADOW = "shadow"


class Seat:
    """One role of one model name.

    A version that cannot be used leaves the seat as it is; that is logged once, and it is tried
    again when the registry says something else. ``card`` and ``model`` are of one version, or
    None.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        name: str,
        role: Role,
        features: tuple[str, ...],
        observe: Observe,
    ) -> None:
        self._registry = registry
        self._name = name
        self._role = role
        self._features = features
        self._log = observe.logger("models")
        self._wanted: int | None = None
        self._in_use = observe.gauge(
            "sensorium_models_version", "version in use, 0 where none is", labels=("name", "role")
        ).labels(name, role.value)
        self._in_use.set(0)
        self.card: ModelCard | None = None
        self.model: Sitting | None = None

    def look(self) -> bool:
        """Take up what the registry says; whether the model is another now."""
        try:
            standing = self._registry.standing(self._name)
        except OSError as error:
            self._keep(0, f"the history cannot be read: {error.strerror or error}")
            return False
        wanted = standing.active if self._role is Role.ACTIVE else standing.shadow
        if wanted == self._wanted:
            return False
        self._wanted = wanted
        if wanted is None:
            self._take(None, None)
            return True
        try:
            loaded = self._registry.load(self._name, wanted)
            if not isinstance(loaded.model, Sitting) or loaded.card.features != self._features:
                raise ModelRefusedError(
                    Refusal.SHAPE, f"version {wanted} of {self._name} is no model of these features"
                )
        except (SensoriumError, OSError) as error:
            self._keep(wanted, str(error).splitlines()[0])
            return False
        self._take(loaded.card, loaded.model)
        return True

    def _take(self, card: ModelCard | None, model: Sitting | None) -> None:
        self.card, self.model = card, model
        version = 0 if card is None else card.version
        self._in_use.set(version)
        self._log.info("model in use", model=self._name, role=self._role.value, version=version)

    def _keep(self, wanted: int, reason: str) -> None:
        self._log.error(
            "a model was not taken up; the one before it stays in place",
            model=self._name,
            role=self._role.value,
            version=wanted,
            stays=0 if self.card is None else self.card.version,
            reason=reason,
        )
