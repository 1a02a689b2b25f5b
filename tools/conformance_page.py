"""Write docs/reference/conformance.md from the lists of requirements in tests/conformance.

Run by ``make generate``; a test holds the page against the lists, and the lists against the tests
that they name.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "conformance.md"
LISTS = ROOT / "tests" / "conformance"
ORDER = (
    *("rfc7011", "rfc3954", "rfc5103", "rfc6313", "rfc5610", "sflow5"),
    *("rfc5424", "rfc6587", "rfc5425", "rfc5426"),
    *("remote_write_1", "remote_write_2", "otlp"),
)
"""The lists in the order of the page."""

STRICT = frozenset({"MUST", "MUST NOT"})
HEAD = """# Conformance

What each document asks of a collector, in our words, and the tests that show that it holds. This
page is generated from the lists in `tests/conformance/`: `make generate`. A test fails where one
that is named here does not exist.

- **held**: the tests named show it.
- **not held**: something stands in the way, which the table says.
- **not offered**: it is asked of an optional part that Sensorium does not have.
- **not a receiver's**: it is for exporters, senders, relays, or whoever plans a network.

`states` marks what a document says without a key word and a receiver has to follow all the same.

"""
COLUMNS = ("MUST: held", "not held", "others: held", "not held", "not offered", "not a receiver's")
SUMMARY = f"| document | {' | '.join(COLUMNS)} |\n|---|{'---:|' * len(COLUMNS)}\n"


class State(Enum):
    """What is known of a requirement; the value is the key in the list."""

    HELD = "tests"
    NOT_HELD = "not_held"
    NOT_OFFERED = "not_offered"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement. ``tests`` are node ids from the root; ``why`` says why there are none."""

    id: str
    section: str
    level: str
    text: str
    state: State
    tests: tuple[str, ...]
    why: str
    note: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document's requirements, in its order."""

    name: str
    title: str
    url: str
    about: str
    requirements: tuple[Requirement, ...]


def documents() -> tuple[Document, ...]:
    """All lists, in the order of the page. ValueError where one cannot be understood."""
    return tuple(_document(LISTS / f"{name}.toml") for name in ORDER)


def _document(path: Path) -> Document:
    with path.open("rb") as file:
        said = tomllib.load(file)
    requirements = tuple(_requirement(entry, said["folder"]) for entry in said["requirement"])
    return Document(
        said["document"], said["title"], said["url"], said.get("about", ""), requirements
    )


def _requirement(entry: dict[str, Any], folder: str) -> Requirement:
    states = [state for state in State if state.value in entry]
    if len(states) != 1:
        raise ValueError(f"{entry.get('id')}: say one of {[state.value for state in State]}")
    known = {"id", "section", "level", "text", "note", *(state.value for state in State)}
    if strange := entry.keys() - known:
        raise ValueError(f"{entry['id']}: there is no {sorted(strange)}")
    (state,) = states
    held = state is State.HELD
    return Requirement(
        id=entry["id"],
        section=entry["section"],
        level=entry["level"],
        text=entry["text"],
        state=state,
        tests=tuple(_node(node, folder) for node in entry["tests"]) if held else (),
        why="" if held else entry[state.value],
        note=entry.get("note", ""),
    )


def _node(node: str, folder: str) -> str:
    return node if node.startswith("tests/") else f"{folder}/{node}"


def page() -> str:
    """The page's text: a table of all documents, and a table of each."""
    found = documents()
    parts = [HEAD, SUMMARY, *(_summary(document) for document in found)]
    for document in found:
        about = f" {document.about}" if document.about else ""
        parts += [
            f"\n## {document.name}\n\n[{document.title}]({document.url}).{about}\n\n",
            "| section | level | requirement | |\n|---|---|---|---|\n",
            *(_row(requirement) for requirement in document.requirements),
        ]
    return "".join(parts)


def _summary(document: Document) -> str:
    counts = Counter((r.state, r.level in STRICT) for r in document.requirements)
    cells = [
        *(counts[state, True] for state in (State.HELD, State.NOT_HELD)),
        *(counts[state, False] for state in (State.HELD, State.NOT_HELD)),
        *(counts[state, True] + counts[state, False] for state in _NOT_ASKED),
    ]
    anchor = document.name.lower().replace(" ", "-").replace(".", "")
    numbers = " | ".join(str(cell) for cell in cells)
    return f"| [{document.name}](#{anchor}): {document.title} | {numbers} |\n"


_NOT_ASKED = (State.NOT_OFFERED, State.NOT_OURS)
_SAID = {
    State.NOT_HELD: "**not held**",
    State.NOT_OFFERED: "not offered",
    State.NOT_OURS: "not a receiver's",
}


def _row(requirement: Requirement) -> str:
    if requirement.state is State.HELD:
        shown = "held: " + "; ".join(_link(node) for node in requirement.tests)
        shown += f" ({requirement.note})" if requirement.note else ""
    else:
        shown = f"{_SAID[requirement.state]}. {requirement.why}"
    cells = (requirement.section, requirement.level, requirement.text, shown)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _link(node: str) -> str:
    path, _, name = node.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../../{path})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
