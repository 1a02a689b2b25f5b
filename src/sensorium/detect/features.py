"""What one feature is: its scale of comparison, its unit and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sensorium.detect.arrays import F64


class Scale(StrEnum):
    """How values are compared.

    ``ratio``: by factor, above a resolution, for volumes; ``count``: on the square-root scale
    of Anscombe (1948), where a Poisson count varies by 1; ``plain``: as they are; ``decades``:
    the value is an improbability (-log10) already and has no baseline.
    """

    RATIO = "ratio"
    COUNT = "count"
    PLAIN = "plain"
    DECADES = "decades"


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One column of a detector's table.

    ``floor`` is the smallest spread believed, on the scale of comparison; ``resolution`` is the
    natural-unit step below which a ratio means nothing. Where ``falls`` is false, only values
    above the expected are odd. ``phrase`` is said of the entity with ``{}`` for the value.
    """

    name: str
    scale: Scale
    phrase: str
    unit: str = ""
    floor: float = 1.0
    resolution: float = 1.0
    falls: bool = False

    def compared(self, values: F64) -> F64:
        """Natural units to the scale of comparison."""
        if self.scale is Scale.RATIO:
            return np.asarray(np.log1p(values / self.resolution), np.float64)
        if self.scale is Scale.COUNT:
            return 2.0 * np.sqrt(values + 0.375)
        return values

    def natural(self, compared: F64) -> F64:
        """The inverse of :meth:`compared`, never below zero for volumes and counts."""
        if self.scale is Scale.RATIO:
            return self.resolution * np.expm1(np.maximum(compared, 0.0))
        if self.scale is Scale.COUNT:
            return np.maximum(np.round((np.maximum(compared, 0.0) / 2.0) ** 2 - 0.375, 2), 0.0)
        return compared


def volume(name: str, phrase: str, *, falls: bool = False) -> FeatureSpec:
    """Bytes: compared by factor above one full packet, 35 % being the least spread believed."""
    return FeatureSpec(name, Scale.RATIO, phrase, "B", floor=0.3, resolution=1500.0, falls=falls)


def count(name: str, phrase: str, unit: str = "", *, falls: bool = False) -> FeatureSpec:
    """A number of things, at least as variable as a Poisson count."""
    return FeatureSpec(name, Scale.COUNT, phrase, unit, floor=1.0, falls=falls)


def plain(
    name: str, phrase: str, floor: float, unit: str = "", *, falls: bool = False
) -> FeatureSpec:
    """A bounded quantity such as a share or an entropy, with its least believable spread."""
    return FeatureSpec(name, Scale.PLAIN, phrase, unit, floor=floor, falls=falls)


def improbability(name: str, phrase: str) -> FeatureSpec:
    """A value that is -log10 of a probability already."""
    return FeatureSpec(name, Scale.DECADES, phrase, "decades")
