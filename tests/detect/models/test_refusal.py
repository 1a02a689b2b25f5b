"""A file that is not what was written, or could lead scoring astray, is refused and counted."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.forest import ARRAYS
from sensorium.detect.models import forest_model
from sensorium.detect.models.array_file import pack_arrays, unpack_arrays
from sensorium.detect.models.card import ModelCard, card_of
from sensorium.detect.models.errors import ModelRefusedError
from sensorium.detect.models.forest_model import FILE, ForestModel, read_forest

NAME = "flows.host.joint"
SPLIT = ("features", "limits", "leaves", "beyond")


def _arrays(forest: ForestModel) -> dict[str, np.ndarray]:
    found = unpack_arrays(forest.files()[FILE], forest_model._FORMS)
    return {name: array.copy() for name, array in found.items()}


@pytest.fixture
def one(kept, draft: ModelCard, forest: ForestModel):
    """A registry with one version, and where its files are."""
    kept.registry.add(draft, forest.files())
    return kept


@pytest.mark.parametrize(
    ("file", "spoil", "reason"),
    [
        (FILE, lambda data: data[:-1], "digest"),
        (FILE, lambda data: b"", "digest"),
        (FILE, lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:], "digest"),
        (FILE, lambda data: pickle.dumps({"a": 1}), "digest"),
        ("card.json", lambda data: data[:-10], "card"),
        ("card.json", lambda data: data.replace(b'"rows":300', b'"rows":301'), "digest"),
        ("card.json", lambda data: data.replace(b'"format":1', b'"format":2'), "format"),
        ("card.json", lambda data: b"[" * 100_000, "card"),
        ("card.json", lambda data: b" " * (1 << 21), "shape"),
    ],
)
def test_a_file_that_was_changed_is_refused_and_counted(
    one, file: str, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    path = one.folder / NAME / "000001" / file
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ModelRefusedError, match=r"flows\.host\.joint 1 was refused"):
        one.registry.load(NAME, 1)
    assert one.refused(reason) == 1
    with pytest.raises(ModelRefusedError):
        one.registry.promote(NAME, 1)
    assert one.registry.standing(NAME).active is None


def test_a_file_that_is_gone_is_refused_and_its_neighbours_load(
    one, draft: ModelCard, forest: ForestModel
) -> None:
    one.registry.add(draft, forest.files())
    (one.folder / NAME / "000001" / FILE).unlink()
    with pytest.raises(ModelRefusedError, match="No such file"):
        one.registry.load(NAME, 1)
    assert one.refused("missing") == 1
    assert one.registry.load(NAME, 2).card.version == 2


def test_a_card_in_another_version_s_place_is_refused(one) -> None:
    (one.folder / NAME / "000001").rename(one.folder / NAME / "000002")
    with pytest.raises(ModelRefusedError, match="wrong place"):
        one.registry.load(NAME, 2)
    assert one.registry.cards() == ()


def _pickled() -> bytes:
    out = io.BytesIO()
    np.savez(out, **{name: np.array([{}], object) for name in forest_model._FORMS})
    return out.getvalue()


def _compressed(forest: ForestModel) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, **_arrays(forest))
    return out.getvalue()


def _huge(forest: ForestModel) -> bytes:
    """A header that claims a petabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, array in _arrays(forest).items():
            member = io.BytesIO()
            said = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
            if name == "lengths":
                said["shape"] = (1 << 47,)
            np.lib.format.write_array_header_1_0(member, said)
            file.writestr(f"{name}.npy", member.getvalue() + array.tobytes())
    return out.getvalue()


def test_files_that_are_no_plain_arrays_are_refused_even_with_the_right_digest(
    draft: ModelCard, forest: ForestModel
) -> None:
    for data in (_pickled(), pickle.dumps([1]), b"", _compressed(forest), _huge(forest)):
        with pytest.raises(ModelRefusedError):
            read_forest(draft, {FILE: data})
    with pytest.raises(ModelRefusedError, match="has one file"):
        read_forest(draft, {})
    with pytest.raises(ModelRefusedError, match="not of 2 features"):
        read_forest(replace(draft, features=("a", "b")), forest.files())


def _set(name: str, change: Callable[[np.ndarray], Any]) -> Callable[[dict[str, np.ndarray]], None]:
    def apply(arrays: dict[str, np.ndarray]) -> None:
        arrays[name] = np.asarray(change(arrays[name]))

    return apply


@pytest.mark.parametrize(
    "spoil",
    [
        _set("ends", lambda a: a[::-1]),
        _set("ends", lambda a: a[:0]),
        _set("ends", lambda a: a[:-1]),
        _set("ends", lambda a: a + 1),
        _set("ends", lambda a: np.concatenate([a[:-3], [2**63 - 1, -2, a[-1]]])),
        _set("features", lambda a: a + 1),
        _set("features", lambda a: a[1:]),
        _set("features", lambda a: a.astype(np.int32)),
        _set("limits", lambda a: a[1:]),
        _set("limits", lambda a: a * np.float32(np.nan)),
        _set("leaves", lambda a: a - 1),
        _set("leaves", lambda a: a[::-1]),
        _set("beyond", lambda a: a + 1),
        _set("beyond", lambda a: a | 2**30),
        _set("lengths", lambda a: a[1:]),
        _set("lengths", lambda a: a * np.nan),
        _set("lengths", lambda a: -a - 1),
        _set("scores", lambda a: a[:50]),
        _set("scores", lambda a: a - 100),
        _set("centre", lambda a: a[:, None]),
        lambda arrays: arrays.pop("usual"),
        lambda arrays: arrays.update(more=np.zeros(1)),
    ],
)
def test_a_forest_that_leads_astray_is_refused(
    draft: ModelCard, forest: ForestModel, spoil: Callable[[dict[str, np.ndarray]], object]
) -> None:
    arrays = _arrays(forest)
    spoil(arrays)
    with pytest.raises(ModelRefusedError):
        read_forest(draft, {FILE: pack_arrays(arrays)})


@given(
    name=st.sampled_from(sorted(ARRAYS)),
    where=st.integers(0, 2**31),
    value=st.integers(-(2**31), 2**31 - 1),
    near=st.booleans(),
)
def test_any_array_is_refused_or_scores_as_its_numbers_say(
    name: str, where: int, value: int, near: bool
) -> None:
    vectors = np.random.default_rng(1).normal(size=(150, 3))
    forest = _cached(vectors)
    arrays = _arrays(forest)
    array = arrays[name]
    at = where % len(array)
    wanted = int(array[at]) + value % 7 - 3 if near else value
    array[at] = np.array(wanted).astype(array.dtype)
    try:
        read = read_forest(_card(forest), {FILE: pack_arrays(arrays)})
    except ModelRefusedError:
        return
    asked = vectors[:8]
    numbers = {name: array.tolist() for name, array in arrays.items()}
    lengths = [_length(numbers, vector) for vector in asked.astype(np.float32).tolist()]
    scores = -(2.0 ** (-np.array(lengths) / read.forest.usual))
    assert read.forest.score_samples(asked).tolist() == scores.tolist()


def _length(forest: dict[str, list[Any]], vector: list[float]) -> float:
    """The paths' lengths, added up, of one vector that goes past one split after the other."""
    total, splits = 0.0, list(zip(*(forest[name] for name in SPLIT), strict=True))
    for tree, (start, end) in enumerate(pairwise([0, *forest["ends"]])):
        at = start + tree
        for feature, limit, leaf, beyond in splits[start:end]:
            if at == leaf and vector[feature] > limit:
                at = beyond
        total += forest["lengths"][at]
    return total


_FITTED: list[ForestModel] = []


def _cached(vectors: np.ndarray) -> ForestModel:
    if not _FITTED:
        _FITTED.append(ForestModel.fit(("a", "b", "c"), vectors, trees=3))
    return _FITTED[0]


def _card(forest: ForestModel) -> ModelCard:
    from sensorium.detect.models.card import ModelKind

    return ModelCard("x", ModelKind.ISOLATION_FOREST, forest.features, 0, 1, 150)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../x"},
        {"rows": -1},
        {"until_ns": 0},
        {"features": ()},
        {"features": ("a", "a")},
        {"scores": {"drift": float("nan")}},
        {"files": {"../../x.npz": "0" * 64}},
        {"files": {"x.pkl": "0" * 64}},
        {"files": {"x.npz": "0"}},
        {"settings": {"a": []}},
    ],
)
def test_a_card_that_says_what_cannot_be_is_refused(draft: ModelCard, change: dict) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(draft, **change)
    said = json.loads(draft.json())
    said["card"].update(json.loads(json.dumps(change)))
    with pytest.raises(ModelRefusedError):
        card_of(json.dumps(said).encode())


def test_a_card_reads_back_as_it_was(draft: ModelCard) -> None:
    assert card_of(draft.json()) == draft
