from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.rules.tree import relative, tracked

MACHINE_PATH = re.compile(r"(?<![\w.~/-])/(?:home|root|Users|work|mnt)/[\w.-]+")
# Put together here, so that this file does not name them either.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("debian", "org"),
        ("rubygems", "org"),
        ("crates", "io"),
        ("docker", "io"),
    )
]
LICENCES = {"LICENSE"}
# What a home folder inside the lab's own hosts is called.
LAB_HOSTS = ("lab/", "tests/lab/")


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def found(pattern: re.Pattern[str], but: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{relative(path)}:{number} {match[0]}"
        for path, text in texts()
        if relative(path) not in LICENCES and not relative(path).startswith(but)
        for number, line in enumerate(text.splitlines(), 1)
        if (match := pattern.search(line))
    ]


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    assert found(MACHINE_PATH, but=(*LAB_HOSTS, "tests/rules/")) == []


def test_no_file_names_a_package_registry() -> None:
    assert found(re.compile("|".join(map(re.escape, REGISTRIES)))) == []


def test_every_lint_exception_gives_its_reason() -> None:
    bare = re.compile(
        r"# (?:noqa: [A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*|noqa|type: ignore(?:\[[\w, -]+\])?"
        r"|pragma: no cover)\s*$"
    )
    assert [where for where in found(bare, but=("tests/", "docs/")) if ".py:" in where] == []


def test_text_files_end_with_one_line_end_and_have_no_trailing_space() -> None:
    bad = []
    for path, text in texts():
        if path.suffix not in {".py", ".md", ".toml", ".yaml", ".yml", ".txt"}:
            continue
        if text and (
            not text.endswith("\n") or text.endswith("\n\n") or re.search(r"[ \t]\n", text)
        ):
            bad.append(relative(path))
    assert bad == []
