"""What a calendar entry's text says about its scope: ``key: value`` lines."""

from __future__ import annotations

import re
from typing import Final

from sensorium.ingest.changes.volume import parse_volume
from sensorium.model.change import ChangeKind, ChangeScope

_LINE: Final = re.compile(r"^\s*([A-Za-z][A-Za-z _-]{0,31}?)\s*:\s*(.+?)\s*$", re.MULTILINE)
_SEPARATORS: Final = re.compile(r"[,;\s]+")
_PORT: Final = re.compile(r"(?:(\d{1,5})(?:/([a-z]+))?|([a-z]+)/(\d{1,5}))", re.IGNORECASE)

_HOST_KEYS: Final = ("source", "sources", "host", "hosts", "scope")
_PEER_KEYS: Final = ("destination", "destinations", "peer", "peers")

_KINDS: Final = {
    "backup": ChangeKind.BACKUP,
    "deployment": ChangeKind.DEPLOYMENT,
    "deploy": ChangeKind.DEPLOYMENT,
    "release": ChangeKind.DEPLOYMENT,
    "job": ChangeKind.JOB,
    "batch": ChangeKind.JOB,
    "maintenance": ChangeKind.MAINTENANCE,
}


def kind_of(categories: list[str]) -> ChangeKind:
    """The kind that the first category we know stands for; maintenance where none does."""
    for category in categories:
        kind = _KINDS.get(category.strip().lower())
        if kind is not None:
            return kind
    return ChangeKind.MAINTENANCE


def scope_of(description: str, location: str) -> ChangeScope:
    """Read the lines ``source``, ``destination``, ``port``, ``volume``, ``job``, ``service``.

    Lists are separated by commas or spaces. Where the text names no host, the location does.
    Lines with other keys are for people.
    """
    stated: dict[str, str] = {}
    for key, value in _LINE.findall(description):
        stated.setdefault(key.strip().lower(), value)
    hosts = _names(stated, _HOST_KEYS)
    return ChangeScope(
        hosts=hosts or _split(location),
        peers=_names(stated, _PEER_KEYS),
        ports=_ports(stated.get("port", "") + " " + stated.get("ports", "")),
        service=stated.get("service", ""),
        max_bytes=parse_volume(stated.get("volume", "")),
        command=stated.get("job", stated.get("command", "")),
    )


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in _SEPARATORS.split(text) if part))


def _names(stated: dict[str, str], keys: tuple[str, ...]) -> tuple[str, ...]:
    return _split(" ".join(stated[key] for key in keys if key in stated))


def _ports(text: str) -> tuple[str, ...]:
    """Ports as ``22/tcp``, from ``22/tcp``, ``tcp/22`` or ``22``; others are left out."""
    found = []
    for part in _split(text):
        match = _PORT.fullmatch(part)
        if match is None:
            continue
        number = int(match.group(1) or match.group(4))
        protocol = (match.group(2) or match.group(3) or "tcp").lower()
        if 0 < number < 65536:
            found.append(f"{number}/{protocol}")
    return tuple(dict.fromkeys(found))
