"""The models that judge hosts while the engine runs: the active one, and its shadow.

Looked up between windows, so that every window is judged by one model from its first host to its
last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import FeatureSpec
from sensorium.detect.models.drift_watch import DriftWatch
from sensorium.detect.models.live_record import LiveRecord, Trial
from sensorium.detect.models.seat import Role, Seat, Sitting
from sensorium.detect.models.shadow import Shadow
from sensorium.detect.protocol import Scored

if TYPE_CHECKING:
    from sensorium.detect.models.registry import ModelRegistry

# Windows between two writings of what people read.
_WRITE_EVERY: Final = 4


class HostModels:
    """The models of ``name`` in a registry, for vectors of ``columns``.

    ``features`` are those of the detector that they stand in for, which their gate judges.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        name: str,
        columns: tuple[str, ...],
        features: tuple[FeatureSpec, ...],
        config: DetectConfig,
    ) -> None:
        observe = registry.observe
        self._config, self._observe, self._features = config, observe, features
        self._log = observe.logger("models")
        self._path = registry.live_path(name)
        self._active = Seat(registry, name, Role.ACTIVE, columns, observe)
        self._shadow = Seat(registry, name, Role.SHADOW, columns, observe)
        self._drift: DriftWatch | None = None
        self._shadow_drift: DriftWatch | None = None
        self._beside: Shadow | None = None
        self._windows = 0
        self.look()

    @property
    def active(self) -> Sitting | None:
        """The model that decides; None where none was promoted."""
        return self._active.model

    def look(self) -> None:
        """Take up what the registry says now; between two windows."""
        swapped = self._active.look()
        if swapped:
            self._drift = self._watch(self._active, Role.ACTIVE)
        if self._shadow.look():
            self._shadow_drift = self._watch(self._shadow, Role.SHADOW)
            swapped = True
        if swapped:
            self._beside = self._open_trial()

    def learn(
        self,
        hosts: Scored,
        vectors: F64,
        odd: I64,
        passed: Bool,
        end_ns: int,
        name_of: Callable[[int], str],
    ) -> None:
        """Watch drift, and let the shadow judge the window; see :meth:`Shadow.learn`."""
        quiet = vectors[~passed]
        for watch in (self._drift, self._shadow_drift):
            if watch is not None:
                watch.learn(quiet)
        if self._beside is not None:
            self._beside.learn(hosts, vectors, odd, passed, end_ns, name_of)
        self._windows += 1
        if self._windows % _WRITE_EVERY == 0 and (self._drift or self._beside):
            self._write(end_ns)

    def _watch(self, seat: Seat, role: Role) -> DriftWatch | None:
        if seat.card is None or seat.model is None:
            return None
        return DriftWatch(seat.card, seat.model, role, self._observe)

    def _open_trial(self) -> Shadow | None:
        card, model = self._shadow.card, self._shadow.model
        if card is None or model is None:
            return None
        active = self._version(self._active)
        trial = LiveRecord.read(self._path).trial
        if trial is None or (trial.version, trial.active) != (card.version, active):
            trial = Trial(card.version, active, since_ns=0)
        return Shadow(card, model, self._features, self._config, self._observe, trial)

    def _write(self, end_ns: int) -> None:
        trial = None
        if self._beside is not None:
            drift = None if self._shadow_drift is None else self._shadow_drift.value
            trial = replace(self._beside.trial, drift=drift)
        record = LiveRecord(
            version=self._version(self._active),
            drift=None if self._drift is None else self._drift.value,
            until_ns=end_ns,
            trial=trial,
        )
        try:
            record.write(self._path)
        except OSError as error:
            self._log.warning(
                "what models in use did could not be written down; metrics have it",
                path=str(self._path),
                reason=error.strerror or str(error),
            )

    @staticmethod
    def _version(seat: Seat) -> int:
        return 0 if seat.card is None else seat.card.version
