from __future__ import annotations

import ast
from collections import Counter

from tests.rules.tree import ROOT, parsed, python_files, relative, tracked

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


def test_metrics_are_named_as_prometheus_asks() -> None:
    bad = []
    for path in python_files("src/"):
        for call in (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)):
            kind = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if kind not in {"counter", "gauge", "histogram"} or len(call.args) < 2:
                continue
            name = call.args[0]
            if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
                continue
            if not name.value.startswith("sensorium_") or name.value.endswith("_total"):
                bad.append(f"{relative(path)}:{call.lineno} {name.value}")
    assert bad == [], "start with sensorium_; _total is added to counters by the exposition"
