"""NumPy arrays in and out of bytes, of exactly the names, types and shapes that are asked for.

A zip of ``.npy`` members that are stored uncompressed, as ``numpy.savez`` writes it. Headers are
read and held against the bytes before an array is made, so that a file can neither run code nor
ask for more memory than it has bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sensorium.detect.models.errors import ModelRefusedError, Refusal

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Form:
    """What an array must be: its type, and its sizes, where None is any."""

    dtype: str
    shape: tuple[int | None, ...]

    def fits(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bool:
        """Whether an array is of this form."""
        return (
            dtype == np.dtype(self.dtype)
            and len(shape) == len(self.shape)
            and all(
                want is None or want == is_ for want, is_ in zip(self.shape, shape, strict=True)
            )
        )


def pack_arrays(arrays: Mapping[str, Array]) -> bytes:
    """The same arrays always give the same bytes. ValueError for arrays of Python objects."""
    if any(array.dtype.hasobject for array in arrays.values()):
        raise ValueError("arrays of Python objects cannot be kept without pickling them")
    out = io.BytesIO()
    contiguous: Any = {name: np.asarray(arrays[name], order="C") for name in sorted(arrays)}
    np.savez(out, **contiguous)
    return out.getvalue()


def unpack_arrays(data: bytes, forms: Mapping[str, Form]) -> dict[str, Array]:
    """Read-only arrays over ``data``, one for each of ``forms``; numbers in them are finite.

    ModelRefusedError where the bytes are not such a file, or an array is missing, too much, of
    another type or shape, or holds NaN or infinities.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            members = {info.filename: info for info in file.infolist()}
            if set(members) != {f"{name}.npy" for name in forms}:
                raise ModelRefusedError(
                    Refusal.SHAPE,
                    f"it holds {', '.join(sorted(members)) or 'nothing'}; this version reads"
                    f" {', '.join(sorted(forms))}",
                )
            if any(info.compress_type != zipfile.ZIP_STORED for info in members.values()):
                raise ModelRefusedError(Refusal.FORMAT, "its arrays are compressed")
            return {
                name: _array(name, file.read(members[f"{name}.npy"]), form)
                for name, form in forms.items()
            }
    except (zipfile.BadZipFile, EOFError, ValueError, OSError, NotImplementedError) as error:
        raise ModelRefusedError(Refusal.FORMAT, f"it is no file of arrays: {error}") from error


def _array(name: str, member: bytes, form: Form) -> Array:
    stream = io.BytesIO(member)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ModelRefusedError(Refusal.FORMAT, f"{name} has a header of another version")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.hasobject or fortran or not form.fits(dtype, shape):
        raise ModelRefusedError(Refusal.SHAPE, f"{name} is {dtype} {shape}")
    body = member[stream.tell() :]
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if count * dtype.itemsize != len(body):
        raise ModelRefusedError(Refusal.SHAPE, f"{name} has {len(body)} bytes for {shape}")
    array = np.frombuffer(body, dtype).reshape(shape)
    if dtype.kind == "f" and not np.isfinite(array).all():
        raise ModelRefusedError(Refusal.RANGE, f"{name} holds values that are not finite")
    return array
