"""How long a provider asks to wait, from any of the ways they say it.

``retry-after-ms`` (OpenAI, Azure), ``retry-after`` in seconds or as a date (RFC 9110, 10.2.3),
``x-ratelimit-reset-*`` as ``6m0s`` or seconds (OpenAI and those who follow it), as seconds since
1970, and ``anthropic-ratelimit-*-reset`` as RFC 3339. Dates are held against the answer's own
``date``, so that no clock is read here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)")
_UNITS: Final = {
    "d": 86_400.0,
    "h": 3_600.0,
    "m": 60.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
}
_SCOPES: Final = ("requests", "tokens", "input-tokens", "output-tokens")
# 2001; no wait is that long, so a larger number is a moment.
_EPOCH_FROM: Final = 1e9


def seconds(headers: Mapping[str, str], *, limited: bool) -> float | None:
    """Seconds to wait, or ``None``. ``limited``: the answer says that a rate limit was reached.

    Names of ``headers`` are in lower case.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    now = _date(headers.get("date", ""))
    stated = headers.get("retry-after", "")
    wait = _number(stated)
    if wait is None and stated:
        wait = _until(_date(stated), now)
    if wait is not None or not limited:
        return wait
    return max(_resets(headers, now), default=None)


def duration(text: str) -> float | None:
    """Seconds of ``1.5s``, ``6m0s``, ``250ms`` or ``12``; ``None`` for anything else."""
    plain = _number(text)
    if plain is not None:
        return plain
    found = _DURATION.findall(text)
    if not found or "".join(number + unit for number, unit in found) != text.strip():
        return None
    return _sane(sum(float(number) * _UNITS[unit] for number, unit in found))


def _resets(headers: Mapping[str, str], now: datetime | None) -> Iterator[float]:
    # Only of limits that are used up: the others say when they are full again.
    for scope in _SCOPES:
        for remaining, reset in (
            (f"x-ratelimit-remaining-{scope}", f"x-ratelimit-reset-{scope}"),
            (f"anthropic-ratelimit-{scope}-remaining", f"anthropic-ratelimit-{scope}-reset"),
        ):
            if headers.get(remaining, "").strip() != "0":
                continue
            wait = _moment_or_duration(headers.get(reset, ""), now)
            if wait is not None:
                yield wait
    if headers.get("x-ratelimit-remaining", "0").strip() == "0":
        wait = _moment_or_duration(headers.get("x-ratelimit-reset", ""), now)
        if wait is not None:
            yield wait


def _moment_or_duration(text: str, now: datetime | None) -> float | None:
    wait = duration(text)
    if wait is None:
        return _until(_date(text), now)
    if wait < _EPOCH_FROM:
        return wait
    moment = wait / 1000 if wait > _EPOCH_FROM * 1000 else wait
    return None if now is None else max(0.0, moment - now.timestamp())


def _number(text: str) -> float | None:
    try:
        return _sane(float(text))
    except ValueError:
        return None


def _sane(value: float) -> float | None:
    return max(0.0, value) if math.isfinite(value) else None


def _until(moment: datetime | None, now: datetime | None) -> float | None:
    if moment is None or now is None:
        return None
    return max(0.0, (moment - now).total_seconds())


def _date(text: str) -> datetime | None:
    if not text:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return None
