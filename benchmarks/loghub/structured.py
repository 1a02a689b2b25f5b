"""Lines as programs with structured logs write them: twelve events of one shop, in four forms."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.loghub.corpus import Sample

LINES: Final = 2_000
# Level, what is said, and the key of whom it is about.
EVENTS: Final = (
    ("info", "connected to database", "user"),
    ("info", "flushed to database", "user"),
    ("info", "opened session", "user"),
    ("info", "closed session", "user"),
    ("warn", "retrying request", "peer"),
    ("warn", "dropping request", "peer"),
    ("error", "write failed", "path"),
    ("error", "read failed", "path"),
    ("info", "cache warmed", "region"),
    ("info", "cache cooled", "region"),
    ("info", "request served", "route"),
    ("info", "request queued", "route"),
)
WHOM: Final = "alice bob carol dave erin frank grace heidi".split()
_Line = Callable[[random.Random, str, str, str, str], str]


def _time(rng: random.Random) -> str:
    clock = ":".join(f"{rng.randrange(60):02}" for _ in range(2))
    return f"2026-11-{rng.randint(10, 29)}T{rng.randint(10, 23)}:{clock}.{rng.randint(100, 999)}Z"


def _logfmt(rng: random.Random, level: str, said: str, key: str, whom: str) -> str:
    where, took = f"main.go:{rng.randint(10, 400)}", f"{rng.randint(1, 900)}{rng.choice('mu')}s"
    said = f'ts={_time(rng)} level={level} caller={where} msg="{said}"'
    return f"{said} {key}={whom} dur={took}"


def _json(rng: random.Random, level: str, said: str, key: str, whom: str) -> str:
    took = rng.randint(1, 999)
    return (
        f'{{"level":"{level}","ts":"{_time(rng)}","msg":"{said}","{key}":"{whom}","took":{took}}}'
    )


def _spaced(rng: random.Random, level: str, said: str, key: str, whom: str) -> str:
    line = _json(rng, level, said, key, whom)
    return line.replace('":', '": ').replace(',"', ', "')


def _klog(rng: random.Random, level: str, said: str, key: str, whom: str) -> str:
    head = f"{level[0].upper()}1129 16:47:16.{rng.randint(100_000, 999_999)} {rng.randint(1, 9)}"
    where = f"main.go:{rng.randint(1, 400)}]"
    return f'{head} {where} "{said.capitalize()}" {key}="{whom}" took={rng.randint(1, 99)}'


FORMS: Final[dict[str, _Line]] = {
    "logfmt": _logfmt,
    "JSON": _json,
    "JSON, spaced": _spaced,
    "klog": _klog,
}


def samples(seed: int = 7) -> list[Sample]:
    """Each form with every event about equally often, in any order."""
    found = []
    for name, form in FORMS.items():
        rng = random.Random(seed)
        events = [rng.randrange(len(EVENTS)) for _ in range(LINES)]
        lines = [form(rng, *EVENTS[event], rng.choice(WHOM)) for event in events]
        found.append(Sample(name, Path(), lines, [str(event) for event in events]))
    return found
