"""What a new resource and scope say of all their log records: read once."""

from __future__ import annotations

from dataclasses import dataclass, field

from sensorium.ingest.otlp.entries import RESOURCE, Name
from sensorium.ingest.otlp.texts import Row
from sensorium.ingest.otlp.values import attributes, fields, text

HOST = "host.name"
APP = "service.name"
PROCESS = "process.pid"

Pairs = list[tuple[str, str]]


@dataclass(slots=True)
class ScopeNamer:
    """Gives entries their rows, resources first. Only scopes have one."""

    longest: int
    _resources: dict[int, tuple[tuple[str, str, str], Pairs]] = field(default_factory=dict)

    def row(self, entry: int, name: Name) -> Row | None:
        """A scope's host, app and process, and what stands with each of its records.

        None for a resource, and for a scope with more to say than is allowed.
        """
        if name.what == RESOURCE:
            found = attributes(name.first, 1)
            single = dict(found)
            words = (single.get(HOST, ""), single.get(APP, ""), single.get(PROCESS, ""))
            pairs = [(f"resource.{k}", v) for k, v in found if k not in (HOST, APP, PROCESS)]
            self._resources[entry] = words, pairs
            return None
        words, of_resource = self._resources[name.parent]
        pairs = [*of_resource, *_scope(name.first)]
        if sum(len(k) + len(v) for k, v in pairs) + sum(map(len, words)) > self.longest:
            return None
        return words, pairs, 0


def _scope(message: bytes) -> Pairs:
    pairs = [
        ("scope.name" if number == 1 else "scope.version", text(content))
        for number, content in fields(message)
        if number in (1, 2) and content
    ]
    return pairs + [(f"scope.{key}", value) for key, value in attributes(message, 3)]
