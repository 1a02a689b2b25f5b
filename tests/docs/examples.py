"""Read the runnable examples of a Markdown page, run them, and compare what they print.

A fenced block whose first line is ```` ```console run ```` or ```` ```python run ```` is run; all
blocks of one page run in order, in one folder. In a console block a line after ``$`` is a command,
lines after ``>`` go on with it, and the lines below are what it prints: ``...`` stands for any
text, alone on a line for any lines. A command that shows no output need only succeed. What goes to
standard error is not compared. An id with dots in a command (``INC-...``) is the first such id in
the latest output that has one, as a reader would take it from there.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(console|python) run\n(.*?)^```$", re.DOTALL | re.MULTILINE)


_DOTTED_ID = re.compile(r"\b([A-Z]+)-\.\.\.")


@dataclass(frozen=True, slots=True)
class Example:
    """One command (or Python program), the line it is on, and what it should print."""

    line: int
    command: str
    expected: str


def examples(text: str) -> Iterator[Example]:
    """The runnable examples of a page, in order."""
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        if match[1] == "python":
            yield Example(line, f"{shlex.quote(sys.executable)} -c {shlex.quote(match[2])}", "")
            continue
        for part in re.split(r"^(?=\$ )", match[2], flags=re.MULTILINE):
            if part.startswith("$ "):
                lines = part.removeprefix("$ ").split("\n")
                after = next(
                    (n for n, text in enumerate(lines) if n and not text.startswith("> ")), 1
                )
                command = "\n".join([lines[0], *(text[2:] for text in lines[1:after])])
                yield Example(line, command, "\n".join(lines[after:]))
            line += part.count("\n")


def with_ids(command: str, printed: list[str]) -> str:
    """The command with ids in place of dots; KeyError where none has been printed yet."""

    def found(match: re.Match[str]) -> str:
        for output in reversed(printed):
            seen = re.search(rf"\b{match[1]}-[0-9a-f]{{6,}}", output)
            if seen:
                return seen[0]
        raise KeyError(match[0])

    return _DOTTED_ID.sub(found, command)


def prepare(folder: Path, root: Path) -> None:
    """Make ``folder`` look like the repository to commands, without letting them write to it."""
    for entry in root.iterdir():
        if entry.name not in {".demo", "var", ".git"}:
            (folder / entry.name).symlink_to(entry)


def run(example: Example, folder: Path) -> tuple[int, str, str]:
    """Run one example in ``folder``: exit status, standard output, standard error."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SENSORIUM")
    }
    binaries = str(Path(sys.executable).parent)
    environment |= {
        "PATH": f"{binaries}{os.pathsep}{environment.get('PATH', '')}",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    done = subprocess.run(
        example.command,
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def matches(expected: str, printed: str) -> bool:
    """Whether ``printed`` is what the page says, blank lines at the ends aside."""
    if not expected.strip():
        return True
    pattern = ""
    for line in expected.strip("\n").split("\n"):
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += (
                ".*?".join(re.escape(part) for part in line.rstrip().split("...")) + r"\s*?\n"
            )
    return re.fullmatch(pattern, printed.strip("\n") + "\n") is not None
