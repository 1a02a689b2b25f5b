"""Elements that a person names: what no registry knows, of exporters that do not say it themselves.

A file has a line for each: enterprise and number, name and abstract data type (RFC 7012 section
3.1), with commas between them, such as ``26866.1,httpReqUrl,string``. What follows a # is a remark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from sensorium.errors import UsageError
from sensorium.ingest.netflow.registry.lookup import (
    DATA_TYPES,
    Information,
    Key,
    defined,
    information,
)

_LARGEST_ENTERPRISE = 0xFFFFFFFE
_LARGEST_NUMBER = 0xFFFF


def read_given(files: Iterable[Path]) -> dict[Key, Information]:
    """The elements that files name; UsageError that says which line cannot be, and why."""
    given: dict[Key, Information] = {}
    for path in files:
        for line, key, known in _lines(path):
            if given.setdefault(key, known) != known:
                said = given[key]
                raise _problem(path, line, f"{_dotted(key)} is {said.name} already")
    return given


def _lines(path: Path) -> Iterator[tuple[int, Key, Information]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the elements in {path} cannot be read: {error}",
            next_step="see docs/reference/netflow.md, elements of your own",
        ) from error
    for number, line in enumerate(text.splitlines(), start=1):
        said = line.partition("#")[0].strip()
        if said:
            yield number, *_element(path, number, said)


def _element(path: Path, line: int, said: str) -> tuple[Key, Information]:
    parts = [part.strip() for part in said.split(",")]
    if len(parts) != 3:
        raise _problem(path, line, "not three values: enterprise.number,name,type")
    key = _key(parts[0])
    if key is None:
        raise _problem(path, line, f"{parts[0]!r} is no enterprise and number, such as 26866.1")
    kind = DATA_TYPES.get(parts[2])
    if kind is None:
        known = ", ".join(DATA_TYPES)
        raise _problem(path, line, f"{parts[2]!r} is no data type of RFC 7012 ({known})")
    if not key[0] and information(*key).name != f"element-{key[1]}":
        raise _problem(path, line, f"{_dotted(key)} has a name: {information(*key).name}")
    found = defined(parts[1], kind)
    if found is None and information(*key) != Information(parts[1], kind):
        raise _problem(
            path, line, f"{parts[1]!r} is no name, or that of a column or of another element"
        )
    return key, found or information(*key)


def _key(text: str) -> Key | None:
    enterprise, _, number = text.partition(".")
    if not (enterprise.isdecimal() and number.isdecimal() and text.isascii()):
        return None
    key = int(enterprise), int(number)
    return key if key[0] <= _LARGEST_ENTERPRISE and key[1] <= _LARGEST_NUMBER else None


def _dotted(key: Key) -> str:
    return f"{key[0]}.{key[1]}"


def _problem(path: Path, line: int, what: str) -> UsageError:
    return UsageError(
        f"{path}, line {line}: {what}",
        next_step="see docs/reference/netflow.md, elements of your own",
    )
