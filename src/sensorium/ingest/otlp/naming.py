"""What Prometheus calls an OpenTelemetry metric and its attributes.

From OpenTelemetry's "Prometheus and OpenMetrics Compatibility", section "OTLP Metric points to
Prometheus": names keep letters, digits, ``_`` and ``:``; the unit becomes a suffix in full words,
and a counter ends with ``_total``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_NOT_IN_LABELS: Final = re.compile(r"[^a-zA-Z0-9_]")
_UNDERSCORES: Final = re.compile(r"__+")
_BRACES: Final = re.compile(r"\{[^}]*\}")

# The Unified Code for Units of Measure's symbols that metrics use, by Prometheus' base names.
_UNITS: Final = {
    **{"d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds"},
    **{"us": "microseconds", "ns": "nanoseconds", "By": "bytes", "KiBy": "kibibytes"},
    **{"MiBy": "mebibytes", "GiBy": "gibibytes", "TiBy": "tebibytes", "KBy": "kilobytes"},
    **{"kBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes"},
    **{"m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams"},
    **{"Cel": "celsius", "Hz": "hertz", "%": "percent", "bit": "bits"},
}
_PER: Final = {
    **{"s": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day"},
    **{"wk": "week", "mo": "month", "y": "year"},
}


def metric_name(name: str, unit: str, *, counter: bool = False, ratio: bool = False) -> str:
    """The name without the suffixes of its parts; empty where nothing of it can be kept.

    ``counter`` is a cumulative monotonic sum; ``ratio`` says that the unit ``1`` is a share, as
    it is for gauges.
    """
    plain = _joined(re.sub(r"[^a-zA-Z0-9_:]", "_", name))
    if not plain.strip("_"):
        return ""
    if plain[0].isdigit():
        plain = f"_{plain}"
    words = plain.split("_")
    for suffix in _unit_words(unit, ratio=ratio):
        if suffix not in words and not plain.endswith(f"_{suffix}"):
            plain = f"{plain.rstrip('_')}_{suffix}"
    if counter and not plain.endswith("_total"):
        # A total in the midst of a name is moved to its end, behind the unit.
        kept = [word for word in plain.split("_") if word != "total"]
        plain = f"{'_'.join(kept).rstrip('_')}_total"
    return plain


def _joined(text: str) -> str:
    return _UNDERSCORES.sub("_", text)


def _unit_words(unit: str, *, ratio: bool) -> Iterable[str]:
    """``bytes`` and ``per_second`` of ``By/s``; nothing for ``{packets}`` and a plain ``1``."""
    if unit == "1":
        return ("ratio",) if ratio else ()
    # What stands in braces is a remark: a count of something is no unit.
    main, _, per = _BRACES.sub("", unit).strip().partition("/")
    found = []
    word = _word(_UNITS.get(main, main))
    if word and word != "1":
        found.append(word)
    word = _word(_PER.get(per, per))
    if word:
        found.append(f"per_{word}")
    return found


def _word(text: str) -> str:
    return _joined(re.sub(r"[^a-zA-Z0-9]", "_", text)).strip("_")


@lru_cache(1 << 12)
def label_name(key: str) -> str:
    """An attribute's name as a label; one that would begin with a digit gets ``key_`` before."""
    plain = _joined(_NOT_IN_LABELS.sub("_", key))
    return f"key_{plain}" if plain[:1].isdigit() else plain


def labels_of(attributes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Attributes as labels; values whose names become one are joined by ``;`` in their order."""
    labels: dict[str, str] = {}
    for key, value in sorted(attributes):
        name = label_name(key)
        if name:
            labels[name] = f"{labels[name]};{value}" if name in labels else value
    return labels


def number_text(number: float) -> str:
    """A bucket's bound or a quantile as text: ``0.005``, ``10``, ``+Inf``."""
    if number == float("inf"):
        return "+Inf"
    text = repr(number)
    return text.removesuffix(".0")
