"""A state on disk: whole whenever the process dies, and refused where it is not as written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sensorium.state.arrays import State, StateError
from sensorium.state.file import StateFile

OLD = {"a.keys": np.arange(5, dtype=np.uint64), "a.count": np.array(3), "b": np.zeros((0, 2))}
NEW = {"a.keys": np.arange(9, dtype=np.uint64), "a.count": np.array(4), "b": np.ones((1, 2))}


class KilledError(Exception):
    """The process ended here."""


def same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name])
        for name in one
    )


def test_what_was_written_is_read_and_what_was_before_is_gone(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "memory")
    assert file.read() is None
    assert file.stamp() is None
    file.write(OLD, {"at": 1})
    size = file.write(NEW, {"at": 2})
    found = StateFile(tmp_path / "memory").read()
    assert found is not None
    assert same(found[0], NEW)
    assert found[1] == file.stamp() == {"at": 2}
    files = sorted(path.name for path in (tmp_path / "memory").iterdir())
    assert [name.partition("-")[0] for name in files] == ["learned", "learned.json"]
    assert size == (tmp_path / "memory" / files[0]).stat().st_size


def dying_at(step: int, patch: pytest.MonkeyPatch) -> None:
    """Let the process end before the so-manieth thing that it does to the disk."""
    done = 0

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def act(*given: object, **named: object) -> object:
            nonlocal done
            done += 1
            if done > step:
                raise KilledError
            return real(*given, **named)

        return act

    patch.setattr(os, "fsync", counted(os.fsync))
    patch.setattr(Path, "replace", counted(Path.replace))
    patch.setattr(Path, "unlink", counted(Path.unlink))
    patch.setattr(Path, "open", counted(Path.open))


def test_a_process_that_dies_at_any_step_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    outcomes = []
    for step in range(20):
        folder = tmp_path / str(step)
        StateFile(folder).write(OLD, {"at": 1})
        with pytest.MonkeyPatch.context() as patch:
            dying_at(step, patch)
            try:
                StateFile(folder).write(NEW, {"at": 2})
                ended = True
            except KilledError:
                ended = False
        found = StateFile(folder).read()
        assert found is not None
        assert same(found[0], NEW if found[1]["at"] == 2 else OLD)
        outcomes.append(found[1]["at"])
        StateFile(folder).write(NEW, {"at": 3})
        after = StateFile(folder).read()
        assert after is not None
        assert after[1] == {"at": 3}
        if ended:
            break
    assert ended
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {1, 2}


def arrays_in(folder: Path) -> Path:
    return next(folder.glob("learned-*.npz"))


def cut(folder: Path) -> None:
    path = arrays_in(folder)
    path.write_bytes(path.read_bytes()[:-20])


def change_a_bit(folder: Path) -> None:
    path = arrays_in(folder)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def say(folder: Path, **changes: object) -> None:
    path = folder / "learned.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def pickle_it(folder: Path) -> None:
    import hashlib

    path = arrays_in(folder)
    with path.open("wb") as file:
        np.savez(file, a=np.array([{"any": "thing"}], object))
    say(folder, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut, "another digest"),
        (change_a_bit, "another digest"),
        (lambda folder: arrays_in(folder).unlink(), "cannot be read"),
        (lambda folder: (folder / "learned.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "learned.json").write_text("[]"), "another format"),
        (lambda folder: say(folder, format=99), "another format"),
        (lambda folder: say(folder, stamp=None), "does not say"),
        (lambda folder: say(folder, arrays="../../etc/passwd"), "cannot be read"),
        (pickle_it, "cannot be read"),
    ],
)
def test_what_is_not_as_it_was_written_is_refused(
    tmp_path: Path, damage: Callable[[Path], object], reason: str
) -> None:
    StateFile(tmp_path).write(OLD, {"at": 1})
    damage(tmp_path)
    with pytest.raises(StateError, match=reason):
        StateFile(tmp_path).read()
