"""A model as a folder of plain files, none of them pickled.

``model.json`` (what it is, its scores, SHA-256 of every other file), ``weights.safetensors``,
``names.parquet``, ``graph.npz``, ``features.npz`` where there are features and ``rarity.npy``, what
columns weighed in training, ``view.npz`` (vectors that need no training) and ``embeddings.npy``. It
is written beside its place and put there at once: who is killed leaves a whole model, old or new.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from pyarrow import parquet

from sensorium import __version__
from sensorium.errors import SensoriumError, UsageError
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.graph.names import Names
from sensorium.links.learning.settings import Settings
from sensorium.links.models.model import Calibration, Card, LinkModel
from sensorium.links.optional import load_torch
from sensorium.links.tensors import write_tensors
from sensorium.state.exchange import exchanged

if TYPE_CHECKING:
    from sensorium.links.models.neural import Network

FORMAT: Final = 1
_AGAIN: Final = "fit the model again: sensorium links fit"
_JUST_NOW_S: Final = 60.0
_COLUMNS: Final = ("indptr", "indices", "times", "kinds", "weights")


def save(model: LinkModel, folder: Path) -> None:
    """Write the model; a model that is there already is replaced.

    Raises UsageError where the folder holds something else, or cannot be written.
    """
    if folder.exists() and not (folder / "model.json").is_file() and any(folder.iterdir()):
        raise UsageError(
            f"{folder} is not empty and holds no model", next_step="name another folder"
        )
    folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _beside(folder) as fresh:
            _write(model, fresh)
            _put(fresh, folder)
    except OSError as error:
        raise UsageError(
            f"cannot write {folder}: {error.strerror or error}", next_step="name another folder"
        ) from error


def load(folder: Path) -> LinkModel:
    """Read a model, after its files were found to be those that were written.

    Raises SensoriumError for a folder that holds no model, a damaged one, or one of a newer format.
    """
    load_torch()
    card = _card(folder)
    try:
        return _read(folder, card)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, pa.ArrowException) as error:
        raise SensoriumError(
            f"the model in {folder} cannot be read: {str(error).splitlines()[0]}", next_step=_AGAIN
        ) from error


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A new folder beside ``folder``, locked while it is there: what a writer left that was killed
    is locked by nobody, and is removed by the next."""
    partial = f".{folder.name}.partial-"
    for left in folder.parent.glob(f"{glob.escape(partial)}*"):
        _remove_left(left)
    fresh = Path(tempfile.mkdtemp(prefix=partial, dir=folder.parent))
    held = os.open(fresh, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield fresh
    finally:
        os.close(held)
        shutil.rmtree(fresh, ignore_errors=True)


def _remove_left(folder: Path) -> None:
    with contextlib.suppress(OSError):
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Another writer may have made it just now, and not locked it yet.
            if time.time() - folder.stat().st_mtime > _JUST_NOW_S:
                shutil.rmtree(folder)
        finally:
            os.close(held)


def _write(model: LinkModel, folder: Path) -> None:
    network, graph = model.scorer.network, model.graph
    weights = {name: of.cpu().contiguous().clone() for name, of in network.state_dict().items()}
    write_tensors(weights, folder / "weights.safetensors")
    parquet.write_table(pa.table({"id": model.names.ids}), folder / "names.parquet")
    arrays: Any = {
        name: getattr(graph, name) for name in _COLUMNS if getattr(graph, name) is not None
    }
    np.savez(folder / "graph.npz", directed=np.array(graph.directed), **arrays)
    if model.features is not None:
        sp.save_npz(folder / "features.npz", model.features.matrix)
        np.save(folder / "rarity.npy", model.features.rarity)
    if model.scorer.view is not None:
        vectors: Any = model.scorer.view.arrays()
        np.savez(folder / "view.npz", **vectors)
    np.save(folder / "embeddings.npy", model.embeddings)
    said = {
        "format": FORMAT,
        "card": asdict(model.card),
        "calibration": asdict(model.calibration),
        "columns": None if model.features is None else list(model.features.columns),
        "sizes": {"nodes": graph.nodes, "edges": graph.edges, "trained_nodes": _table(model)},
        "files": {path.name: _digest(path) for path in sorted(folder.iterdir())},
    }
    (folder / "model.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _put(fresh: Path, folder: Path) -> None:
    """Rename into place, and remove an older model that stood there."""
    fresh.chmod(0o755)
    if not folder.exists():
        fresh.rename(folder)
        return
    if exchanged(fresh, folder):
        return  # who wrote the new one removes the old in its place
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent))
    old.rmdir()
    folder.rename(old)
    try:
        fresh.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _card(folder: Path) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        version, files = said["format"], dict(said["files"])
    except OSError as error:
        raise UsageError(
            f"there is no model in {folder}", next_step="name a folder that `fit` has written"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SensoriumError(f"{folder}/model.json is damaged", next_step=_AGAIN) from error
    if version != FORMAT:
        raise SensoriumError(
            f"the model in {folder} has format {version}; this version reads {FORMAT}",
            next_step=_AGAIN,
        )
    for name, wanted in files.items():
        path = folder / Path(name).name
        if not path.is_file() or _digest(path) != wanted:
            raise SensoriumError(f"{path} is not what was saved", next_step=_AGAIN)
    return said


def _read(folder: Path, said: dict[str, Any]) -> LinkModel:
    from safetensors.torch import load_file

    from sensorium.links.models.embedding import Scorer
    from sensorium.links.models.neural import Network
    from sensorium.links.structure.views import PairView, pair_names

    card = _card_of(said["card"])
    with np.load(folder / "graph.npz", allow_pickle=False) as arrays:
        columns = {name: arrays[name] for name in _COLUMNS if name in arrays}
        graph = Graph(directed=bool(arrays["directed"]), **columns)
    features = None
    if said["columns"] is not None:
        features = Features.of(sp.load_npz(folder / "features.npz"), tuple(said["columns"]))
        if (folder / "rarity.npy").is_file():
            features = features.weighing(np.load(folder / "rarity.npy", allow_pickle=False))
    network = Network(
        card.settings,
        columns=0 if features is None else features.matrix.shape[1],
        nodes=said["sizes"]["trained_nodes"],
        kinds=1 if graph.kinds is None else int(graph.kinds.max()) + 1,
        counts=len(pair_names(features=features is not None)),
    )
    _fill(network, load_file(folder / "weights.safetensors"), folder, card)
    view = None
    if (folder / "view.npz").is_file():
        with np.load(folder / "view.npz", allow_pickle=False) as arrays:
            view = PairView.restored(graph, features, dict(arrays))
    embeddings = np.load(folder / "embeddings.npy", allow_pickle=False)
    names = Names(parquet.read_table(folder / "names.parquet")["id"].combine_chunks())
    if not len(names) == graph.nodes == len(embeddings):
        raise ValueError("names, graph and embeddings are of different sizes")
    scorer = Scorer(network, graph, features, view, embeddings)
    return LinkModel(scorer, graph, names, features, Calibration(**said["calibration"]), card)


def _fill(network: Network, weights: dict[str, Any], folder: Path, card: Card) -> None:
    """Give the network its weights; SensoriumError where they are those of another layout."""
    wanted = {name: tuple(of.shape) for name, of in network.state_dict().items()}
    given = {name: tuple(of.shape) for name, of in weights.items()}
    if wanted != given:
        settings = card.settings
        other = {name for name in wanted | given if wanted.get(name) != given.get(name)}
        raise SensoriumError(
            f"the weights in {folder} are not laid out as this version has them for the encoder "
            f"{settings.encoder!r} and the decoder {settings.decoder!r}: {', '.join(sorted(other))}"
            f" (written by {card.code or 'an unknown version'}, this is {__version__})",
            unaffected="the folder is as it was, and the version that wrote it still reads it",
            next_step=f"{_AGAIN} EDGES --decoder {settings.decoder} --out {folder}",
        )
    network.load_state_dict(weights)


def _card_of(said: dict[str, Any]) -> Card:
    known = {field.name for field in fields(Settings)}
    chosen = {name: value for name, value in said["settings"].items() if name in known}
    settings = Settings(**{**chosen, "fan_out": tuple(chosen["fan_out"])})
    return Card(**{**said, "settings": settings, "kinds": tuple(said["kinds"])})


def _table(model: LinkModel) -> int:
    table = model.scorer.network.inputs.table
    return 0 if table is None else len(table)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
