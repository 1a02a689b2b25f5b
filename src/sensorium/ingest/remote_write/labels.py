"""What a label set says: a series to keep, or why it cannot be one."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from sensorium.ingest.series import Series, series_id

NAME: Final = "__name__"


class Invalid(StrEnum):
    """Why a series is refused; also the ``reason`` in metrics."""

    NO_NAME = "no_metric_name"
    NOT_UTF8 = "label_not_utf8"
    EMPTY_LABEL = "empty_label_name"
    TWICE = "label_twice"
    ODD = "label_without_value"


def read_labels(texts: Sequence[bytes]) -> Series | Invalid:
    """The series of names and values in turn.

    The specifications ask for a metric's name, for sorted and distinct names, and for UTF-8.
    Names that are not sorted are sorted here, and a label without value is none, as in
    Prometheus; all else makes the series invalid.
    """
    if len(texts) % 2:
        return Invalid.ODD
    try:
        words = [text.decode() for text in texts]
    except UnicodeDecodeError:
        return Invalid.NOT_UTF8
    names, values = words[::2], words[1::2]
    if "" in names:
        return Invalid.EMPTY_LABEL
    if len({*names}) < len(names):
        return Invalid.TWICE
    labels = {name: value for name, value in zip(names, values, strict=True) if value}
    name = labels.pop(NAME, "")
    if not name:
        return Invalid.NO_NAME
    pairs = tuple(sorted(labels.items()))
    return Series(name, pairs, series_id(name, pairs))
