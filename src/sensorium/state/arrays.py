"""State as flat names with arrays: no objects, nothing that runs when it is read.

A part gives its arrays under names of its own (``counts``), and whoever holds the part puts them
under the part's name (``gate.counts``). Numbers and truths are arrays of their kind, texts the
bytes of UTF-8 with the place where each ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from sensorium.errors import SensoriumError

Array = npt.NDArray[Any]
State = Mapping[str, Array]

_KINDS: Final = "biuf"


class StateError(SensoriumError):
    """A kept state that does not fit what is to go on from it."""


class Keeper(Protocol):
    """Its knowledge can be taken out, and put into a new one that was made with equal settings."""

    def state(self) -> State:
        """All that was learned, in arrays that nobody changes any more."""

    def restore(self, state: State) -> None:
        """Go on from a state; StateError where it does not fit, and then this is of no use."""


def joined(**parts: State) -> dict[str, Array]:
    """The states of several parts as one, each under its name."""
    return {f"{name}.{key}": array for name, part in parts.items() for key, array in part.items()}


def part(state: State, name: str) -> State:
    """What :func:`joined` put under a name."""
    lead = name + "."
    return {key[len(lead) :]: array for key, array in state.items() if key.startswith(lead)}


def taken(state: State, name: str, dtype: npt.DTypeLike, *shape: int | None) -> Array:
    """A copy of one array, which must be of this type and shape; None stands for any length."""
    array = state.get(name)
    if array is None:
        raise StateError(f"a kept state lacks {name}")
    fits = len(shape) == array.ndim and all(
        want is None or want == have for want, have in zip(shape, array.shape, strict=True)
    )
    if array.dtype != np.dtype(dtype) or array.dtype.kind not in _KINDS or not fits:
        told = "x".join("?" if want is None else str(want) for want in shape)
        raise StateError(
            f"a kept state has {name} as {array.dtype} {array.shape} and not as"
            f" {np.dtype(dtype)} ({told})"
        )
    return array.copy()


def columns(owner: object, rows: int, *names: str) -> dict[str, Array]:
    """The first ``rows`` of attributes that are arrays with a row each, by name."""
    return {name.lstrip("_"): getattr(owner, name)[:rows].copy() for name in names}


def put_columns(owner: object, state: State, rows: int, *names: str) -> None:
    """Set the attributes again; types and widths are those that they have now."""
    for name in names:
        now: Array = getattr(owner, name)
        setattr(owner, name, taken(state, name.lstrip("_"), now.dtype, rows, *now.shape[1:]))


def whole(state: State, name: str, *, least: int = 0, most: int = 2**62) -> int:
    """A whole number kept as an int64 of its own, between ``least`` and ``most``."""
    value = int(taken(state, name, np.int64))
    if not least <= value <= most:
        raise StateError(f"a kept state has {name} = {value}, beyond {least} to {most}")
    return value


def texts(values: Iterable[str]) -> dict[str, Array]:
    """Texts as one run of bytes (``bytes``) and where each ends (``ends``)."""
    encoded = [value.encode("utf-8", "surrogatepass") for value in values]
    return {
        "bytes": np.frombuffer(b"".join(encoded), np.uint8).copy(),
        "ends": np.cumsum([len(text) for text in encoded], dtype=np.int64),
    }


def taken_texts(state: State, name: str, rows: int | None = None) -> list[str]:
    """The texts that :func:`texts` gave and :func:`joined` put under a name."""
    run = taken(state, f"{name}.bytes", np.uint8, None).tobytes()
    ends = taken(state, f"{name}.ends", np.int64, rows)
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    if (ends < starts).any() or (len(ends) and ends[-1] != len(run)):
        raise StateError(f"a kept state has {name} with ends that do not fit its bytes")
    try:
        return [
            run[start:end].decode("utf-8", "surrogatepass")
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
    except UnicodeDecodeError as error:
        raise StateError(f"a kept state has {name} that is no text: {error}") from error
