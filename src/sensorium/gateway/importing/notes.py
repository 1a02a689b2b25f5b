"""What could not be carried over, and where it stood."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Note:
    """``path`` is where it stood in the file; ``message`` what became of it. No secrets."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(slots=True)
class Notes:
    """The notes of one import, in order and each once."""

    all: list[Note] = field(default_factory=list)

    def add(self, path: str, message: str) -> None:
        """Take one down."""
        note = Note(path, message)
        if note not in self.all:
            self.all.append(note)

    def left(self, path: str, given: dict[str, object], known: set[str]) -> None:
        """A note for every name that nobody has looked at."""
        for name in given:
            if name not in known:
                self.add(f"{path}.{str(name)[:80]}", "not carried over")
