"""Values against what was expected of them, and what of them is learned."""

from __future__ import annotations

import math

import numpy as np

from sensorium.detect.arrays import F64, Bool
from sensorium.ingest.compiled import kernel

_FARTHEST = 1e6


@kernel
def sigmas_of(
    values: F64,
    compared: F64,
    location: F64,
    rise: F64,
    fall: F64,
    falls: Bool,
    direct: Bool,
    out: F64,
) -> None:
    """Signed robust scores (n, f), limited to a million; of a feature that does not ``falls``
    (f,) none below zero; of a ``direct`` one the value itself."""
    for i in range(len(out)):
        for f in range(out.shape[1]):
            if direct[f]:
                out[i, f] = values[i, f]
                continue
            away = compared[i, f] - location[i, f]
            spread = rise[i, f] if away >= 0.0 else fall[i, f]
            score = away / spread if spread != 0.0 else np.nan if away == 0.0 else away * np.inf
            if not math.isnan(score):
                score = min(max(score, -_FARTHEST), _FARTHEST)
            out[i, f] = max(score, 0.0) if score < 0.0 and not falls[f] else score


@kernel
def limit_learned(
    compared: F64, location: F64, rise: F64, fall: F64, as_they_are: Bool, most: float
) -> None:
    """Bring ``compared`` (n, f) within ``most`` spreads of what was expected, where something was
    and the row (n,) is not to be learned as it is."""
    for i in range(len(compared)):
        if as_they_are[i]:
            continue
        for f in range(compared.shape[1]):
            low = location[i, f] - most * fall[i, f]
            high = location[i, f] + most * rise[i, f]
            if math.isfinite(low) and math.isfinite(high):
                value = compared[i, f]
                if value < low:
                    compared[i, f] = low
                elif value > high:
                    compared[i, f] = high
