from __future__ import annotations

from collections import Counter

from tests.rules.tree import ROOT, python_files, relative, tracked

# Names that say nothing about what is inside.
EMPTY_NAMES = {"common", "db", "helper", "helpers", "misc", "util", "utils"}


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    bad = [
        relative(path)
        for path in tracked()
        if EMPTY_NAMES & {*path.relative_to(ROOT).parts[:-1], path.stem}
    ]
    assert bad == []


def test_no_package_is_a_placeholder() -> None:
    packages = [path.parent for path in python_files("src/") if path.name == "__init__.py"]
    filled = Counter(
        parent
        for path in python_files("src/")
        if path.name != "__init__.py"
        for parent in path.parents
    )
    assert [relative(package) for package in packages if not filled[package]] == []
