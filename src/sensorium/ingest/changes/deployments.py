"""Deployment events, one JSON object a line, as a release tool posts them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sensorium.ingest.changes.config import ChangesConfig
from sensorium.ingest.changes.instant import to_ns
from sensorium.ingest.changes.problem import Problem
from sensorium.model.change import Change, ChangeKind, ChangeScope

SOURCE = "deployments"


def read_deployments(
    events: bytes, config: ChangesConfig | None = None
) -> tuple[list[Change], list[Problem]]:
    """The deployments in order of their first event; a later event of one ``id`` replaces it.

    Needed are ``id``, ``started`` (RFC 3339 with a zone) and ``service`` or ``host``;
    ``finished``, ``port``, ``version``, ``previous``, ``by`` and ``status`` may be missing.
    """
    config = config or ChangesConfig()
    changes: dict[str, Change] = {}
    problems = []
    for number, line in enumerate(events.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            change = _deployment(json.loads(line), config)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(number, f"no deployment event: {error}"))
        else:
            changes[change.ref] = change
    return list(changes.values()), problems


def _deployment(event: Any, config: ChangesConfig) -> Change:
    if not isinstance(event, dict):
        raise ValueError("the line is no JSON object")
    ref, service = _text(event, "id"), _text(event, "service")
    hosts = _hosts(event.get("host"))
    if not ref or not (service or hosts):
        raise ValueError("it needs an id, and a service or a host")
    start = _instant(event, "started")
    if start is None:
        raise ValueError("it does not say when it started")
    finished = _instant(event, "finished")
    end = start + round(config.unfinished_minutes * 60e9) if finished is None else finished
    if end < start:
        raise ValueError("it finished before it started")
    return Change(
        start_ns=start,
        end_ns=end,
        kind=ChangeKind.DEPLOYMENT,
        source=SOURCE,
        scope=ChangeScope(hosts=hosts, ports=_port(event.get("port")), service=service),
        title=_title(event, service, hosts),
        ref=ref,
    )


def _title(event: dict[str, Any], service: str, hosts: tuple[str, ...]) -> str:
    title = f"Deployment of {service or 'software'}"
    version, previous = _text(event, "version"), _text(event, "previous")
    title += f" {version}" if version else ""
    title += f" (was {previous})" if previous else ""
    title += f" on {', '.join(hosts)}" if hosts else ""
    by, status = _text(event, "by"), _text(event, "status")
    title += f" by {by}" if by else ""
    return f"{title}, {status}" if status else title


def _text(event: dict[str, Any], key: str) -> str:
    value = event.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def _hosts(value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    return tuple(name for name in names if isinstance(name, str) and name)


def _port(value: Any) -> tuple[str, ...]:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    number, _, protocol = text.partition("/")
    # str.isdigit also knows digits that int() does not.
    if not (number.isascii() and number.isdigit() and 0 < int(number[:6]) < 65536):
        return ()
    return (f"{int(number)}/{protocol.lower() or 'tcp'}",)


def _instant(event: dict[str, Any], key: str) -> int | None:
    value = event.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"{key!r} is no text")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{key!r} has no time zone")
    return to_ns(moment)
