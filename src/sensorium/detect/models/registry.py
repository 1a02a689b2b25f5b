"""The registry of models: versions on disk, who is active, who runs in its shadow.

``FOLDER/NAME/000001/`` is a version (``card.json`` and the files that it names), and
``FOLDER/NAME/history.jsonl`` says who was active when. Several processes may use one folder:
writers take a lock, readers need none.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sensorium.detect.models import shelf
from sensorium.detect.models.card import ModelCard, is_name
from sensorium.detect.models.errors import ModelRefusedError, NoSuchModelError
from sensorium.detect.models.history import Did, History, Standing, Step, standing_of
from sensorium.detect.models.kinds import read_model
from sensorium.detect.models.protocol import VectorModel

if TYPE_CHECKING:
    from sensorium.observe.facade import Observe

_HISTORY: Final = "history.jsonl"
_LIVE: Final = "live.json"
_LIST: Final = "see which there are: sensorium models list"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model and its card."""

    card: ModelCard
    model: VectorModel


class ModelRegistry:
    """Keeps models in a folder, which need not exist.

    Nothing in it is trusted: every digest, type, shape and range is checked when a model is loaded,
    nothing is unpickled, and what does not hold raises ModelRefusedError and is counted.
    """

    def __init__(self, folder: Path, clock: Callable[[], int], observe: Observe) -> None:
        self._folder = folder
        self._clock = clock
        self.observe = observe
        self._refused = observe.counter(
            "sensorium_models_refused", "models that were not loaded", labels=("reason",)
        )
        self._known: dict[str, tuple[object, Standing]] = {}

    def add(self, card: ModelCard, files: Mapping[str, bytes]) -> ModelCard:
        """Take in a model as the next version of its name; returns the card it has now.

        Whole or not at all. It is read back from the bytes first: ModelRefusedError for files that
        could not be loaded later.
        """
        read_model(card, files)
        with self._writing(card.name) as folder:
            version = max(shelf.versions(folder), default=0) + 1
            numbered = replace(card, version=version, created_ns=self._clock())
            return shelf.put(folder, numbered, files)

    def names(self) -> tuple[str, ...]:
        """The names that have versions, sorted."""
        if not self._folder.is_dir():
            return ()
        return tuple(
            sorted(
                path.name
                for path in self._folder.iterdir()
                if is_name(path.name) and shelf.versions(path)
            )
        )

    def cards(self, name: str | None = None) -> tuple[ModelCard, ...]:
        """The cards of a name, or of all, by name and version.

        A card that does not hold is counted and left out.
        """
        found = []
        for each in self.names() if name is None else (_checked(name),):
            for version in shelf.versions(self._folder / each):
                try:
                    found.append(self.card(each, version))
                except ModelRefusedError:  # counted in card()
                    continue
        return tuple(found)

    def card(self, name: str, version: int) -> ModelCard:
        """One card. NoSuchModelError where there is none, ModelRefusedError where it is damaged."""
        folder = self._of(name)
        if version not in shelf.versions(folder):
            raise NoSuchModelError(f"there is no version {version} of {name}", next_step=_LIST)
        with self._counted(name, version):
            return shelf.read_card(folder, name, version)

    def load(self, name: str, version: int) -> Loaded:
        """Read and check a model; errors as in :meth:`card`."""
        card = self.card(name, version)
        with self._counted(name, version):
            files = shelf.read_files(self._of(name), card)
            return Loaded(card, read_model(card, files))

    def standing(self, name: str) -> Standing:
        """Who is active and who is its shadow. Cheap while nothing changes: one look at a file."""
        history = self._history(name)
        mark = history.mark()
        known = self._known.get(name)
        if known is None or known[0] != mark:
            known = (mark, standing_of(history.steps()[0]))
            self._known[name] = known
        return known[1]

    def live_path(self, name: str) -> Path:
        """Where what its versions in use did is written down (see ``live_record.py``)."""
        return self._of(name) / _LIVE

    def active(self, name: str) -> ModelCard | None:
        """The card of the active version."""
        version = self.standing(name).active
        return None if version is None else self.card(name, version)

    def shadow(self, name: str) -> ModelCard | None:
        """The card of the version that runs in the shadow of the active one."""
        version = self.standing(name).shadow
        return None if version is None else self.card(name, version)

    def history(self, name: str) -> tuple[Step, ...]:
        """What was done when, oldest first."""
        return tuple(self._history(name).steps()[0])

    def promote(self, name: str, version: int) -> Standing:
        """Make a version the active one, once it was found to load; errors as in :meth:`load`."""
        self.load(name, version)
        with self._stepping(name):
            self._step(name, Did.PROMOTE, version)
        return self.standing(name)

    def shadow_with(self, name: str, version: int | None) -> Standing:
        """Run a version in the shadow of the active one; None ends that."""
        if version is not None:
            self.load(name, version)
        with self._stepping(name) as standing:
            if version is not None:
                self._step(name, Did.SHADOW, version)
            elif standing.shadow is not None:
                self._step(name, Did.UNSHADOW, standing.shadow)
        return self.standing(name)

    def rollback(self, name: str) -> Standing:
        """Make active who was so before the last promotion: a version, or nobody.

        NoSuchModelError where none is active; errors as in :meth:`load` where that version does
        not load.
        """
        with self._stepping(name) as standing:
            if standing.active is None:
                raise NoSuchModelError(
                    f"no version of {name} is active, so there is nothing to go back from",
                    unaffected="nothing was changed",
                    next_step=_LIST,
                )
            back_to = standing.before[-1]
            if back_to is not None:
                self.load(name, back_to)
            self._step(name, Did.ROLLBACK, standing.active)
        return self.standing(name)

    def _step(self, name: str, did: Did, version: int) -> None:
        self._history(name).append(Step(self._clock(), did, version))

    def _of(self, name: str) -> Path:
        return self._folder / _checked(name)

    def _history(self, name: str) -> History:
        return History(self._of(name) / _HISTORY)

    @contextmanager
    def _writing(self, name: str) -> Iterator[Path]:
        folder = self._of(name)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder

    @contextmanager
    def _stepping(self, name: str) -> Iterator[Standing]:
        if not self._of(name).is_dir():
            raise NoSuchModelError(f"there is no model {name}", next_step=_LIST)
        with self._writing(name):
            yield self.standing(name)

    @contextmanager
    def _counted(self, name: str, version: int) -> Iterator[None]:
        """Count a refusal, and say of which model it is."""
        try:
            yield
        except ModelRefusedError as error:
            self._refused.labels(error.reason.value).inc()
            raise ModelRefusedError(
                error.reason, f"{name} {version} was refused: {error.message}"
            ) from error


def _checked(name: str) -> str:
    if not is_name(name):
        raise NoSuchModelError(f"{name!r} is no name of a model", next_step=_LIST)
    return name
