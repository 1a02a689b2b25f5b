"""Trained decoders without torch: for the few pairs of a request, which cost it mostly calls.

Each is made of a decoder of :mod:`.registry` and gives the same logits, to about 1e-5. Weights are
taken over as they are at that time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from sensorium.links.structure.elementwise import (
    gelu,
    multiply_pairs,
    normalised_gelu,
    on_both_scales,
)

if TYPE_CHECKING:
    from sensorium.links.decoders.decoder import Decoder

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
Weights = dict[str, F32]

_AT_ONCE: Final = 500_000
"""Multiplications of one product. BLAS shares out more among threads, and to wait for another
thread where no processor is free takes longer than the product."""


class PlainDecoder(Protocol):
    """Logits of pairs of rows of ``vectors``, float32 (pairs,); ``told`` as decoders read it."""

    def __call__(self, vectors: F32, source: I64, target: I64, told: F32) -> F32: ...


def plain(decoder: Decoder) -> PlainDecoder:
    """A trained decoder as it is now. Raises KeyError for one that has no plain form."""
    weights = {name: of.detach().cpu().numpy().copy() for name, of in decoder.state_dict().items()}
    return _PLAIN[type(decoder).__name__](weights)


class PlainDot:
    """:class:`.dot.Dot`."""

    def __init__(self, weights: Weights) -> None:
        self._scale = np.exp(weights["log_scale"])
        self._threshold = weights["threshold"]

    def __call__(self, vectors: F32, source: I64, target: I64, told: F32) -> F32:
        """A logit for each pair."""
        product = np.empty((len(source), vectors.shape[1]), np.float32)
        multiply_pairs(vectors, source, target, product)
        logits: F32 = self._scale * product.sum(1) - self._threshold
        return logits


class PlainMlp:
    """:class:`.mlp.Mlp`."""

    def __init__(self, weights: Weights) -> None:
        self._layers = [_Linear(weights, f"layers.{n}") for n in (0, 3, 5)]

    def __call__(self, vectors: F32, source: I64, target: I64, told: F32) -> F32:
        """A logit for each pair."""
        x = np.empty((len(source), vectors.shape[1]), np.float32)
        multiply_pairs(vectors, source, target, x)
        for layer in self._layers[:-1]:
            x = layer(x)
            np.maximum(x, 0, out=x)
        logits: F32 = self._layers[-1](x)[:, 0]
        return logits


class PlainStructural:
    """:class:`.structural.Structural`."""

    def __init__(self, weights: Weights) -> None:
        from sensorium.links.decoders.structural import BOUND, FAR

        self._bounds = BOUND, FAR
        self._scales = weights["centre"], weights["spread"], weights["knots"]
        self._counted = _Linear(weights, "counted.0")
        self._told_norm = weights["counted.1.weight"], weights["counted.1.bias"]
        # Both go into one sum, and so through one product.
        self._joined = _Linear.beside(_Linear(weights, "product"), _Linear(weights, "counted.4"))
        self._norm = weights["both.0.weight"], weights["both.0.bias"]
        self._hidden, self._last = _Linear(weights, "both.3"), _Linear(weights, "both.5")

    def __call__(self, vectors: F32, source: I64, target: I64, told: F32) -> F32:
        """A logit for each pair."""
        pairs, width = len(source), vectors.shape[1]
        scaled = np.empty((pairs, 2 * told.shape[1]), np.float32)
        on_both_scales(told, *self._scales, *self._bounds, scaled)
        both = np.empty((pairs, 2 * width), np.float32)
        multiply_pairs(vectors, source, target, both)
        counted = self._counted(scaled)
        normalised_gelu(counted, *self._told_norm)
        both[:, width:] = counted
        x = self._joined(both)
        normalised_gelu(x, *self._norm)
        x = self._hidden(x)
        gelu(x)
        logits: F32 = self._last(x)[:, 0]
        return logits


class _Linear:
    """A layer's weights, as (inputs, outputs), and its bias."""

    def __init__(self, weights: Weights, name: str) -> None:
        self.weight = np.ascontiguousarray(weights[f"{name}.weight"].T)
        self.bias = weights[f"{name}.bias"]

    @classmethod
    def beside(cls, one: _Linear, other: _Linear) -> _Linear:
        """A layer that adds up what two give, of inputs side by side."""
        both = cls.__new__(cls)
        both.weight = np.concatenate([one.weight, other.weight])
        both.bias = one.bias + other.bias
        return both

    def __call__(self, x: F32) -> F32:
        out = np.empty((len(x), self.weight.shape[1]), np.float32)
        rows = max(1, _AT_ONCE // self.weight.size)
        for start in range(0, len(x), rows):
            np.dot(x[start : start + rows], self.weight, out=out[start : start + rows])
        out += self.bias
        return out


_PLAIN: Final[dict[str, Callable[[Weights], PlainDecoder]]] = {
    "Dot": PlainDot,
    "Mlp": PlainMlp,
    "Structural": PlainStructural,
}
