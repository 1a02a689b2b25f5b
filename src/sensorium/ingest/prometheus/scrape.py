"""One scrape of one target, answered or not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scrape:
    """What a target served at one moment.

    ``time_ns`` is when the scrape began (Unix ns), ``instance`` is ``address:port``, ``status``
    the HTTP status (0: nothing answered), ``body`` the exposition text as served,
    ``duration_ns`` how long it took.
    """

    time_ns: int
    job: str
    instance: str
    status: int
    body: bytes
    duration_ns: int
