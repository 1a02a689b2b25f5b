"""The scale on which values of metric series are compared, by what kind of value it is."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.metrics.window import SeriesKind

# A gauge's usual variation is taken as no less than this share of it; of a counter's or a mean's
# by this factor (natural logarithm). One step is the least that whole numbers vary by.
GAUGE_FLOOR = 0.02
FACTOR_FLOOR = 0.2
STEP = 0.5


def compared(values: F64, kinds: I64) -> F64:
    """Rates by factor above one event per half minute, means by factor, gauges as they are."""
    rate = np.log1p(30.0 * np.maximum(values, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(values > 0, np.log(np.where(values > 0, values, 1.0)), np.nan)
    return np.where(
        kinds == SeriesKind.RATE, rate, np.where(kinds == SeriesKind.MEAN, mean, values)
    )


def natural(values: F64, kinds: I64) -> F64:
    """The inverse of :func:`compared`."""
    capped = np.minimum(values, 700.0)
    rate = np.expm1(capped) / 30.0
    mean = np.exp(capped)
    return np.where(
        kinds == SeriesKind.RATE, rate, np.where(kinds == SeriesKind.MEAN, mean, values)
    )


def by_factor(values: F64, kinds: I64, plain: Bool) -> F64:
    """As :func:`compared`, but gauges by factor too, except ``plain`` ones (n,): those that are
    zero or less at times. NaN where one that is not plain is."""
    gauge = (kinds == SeriesKind.GAUGE) & ~plain
    positive = values > 0
    log = np.log(np.where(positive, values, 1.0))
    return np.where(gauge, np.where(positive, log, np.nan), compared(values, kinds))


def natural_of_factor(values: F64, kinds: I64, plain: Bool) -> F64:
    """The inverse of :func:`by_factor`."""
    gauge = (kinds == SeriesKind.GAUGE) & ~plain
    return np.where(gauge, np.exp(np.minimum(values, 700.0)), natural(values, kinds))


def floors_by_factor(location: F64, kinds: I64, whole: Bool, plain: Bool) -> F64:
    """As :func:`floors`, of series compared as :func:`by_factor` does."""
    size = np.exp(np.clip(location, -50.0, 50.0))
    least = np.where(whole, np.maximum(GAUGE_FLOOR, STEP / size), GAUGE_FLOOR)
    gauge = (kinds == SeriesKind.GAUGE) & ~plain
    return np.where(gauge, least, floors(location, kinds, whole))


def floors(location: F64, kinds: I64, whole: Bool) -> F64:
    """The least spread believed of series that are usually at ``location`` (n,), as compared."""
    gauge = kinds == SeriesKind.GAUGE
    floor = np.where(gauge, GAUGE_FLOOR * np.abs(location), FACTOR_FLOOR)
    return np.maximum(floor, np.where(gauge & whole, STEP, 1e-12))
