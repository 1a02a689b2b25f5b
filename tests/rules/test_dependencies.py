from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.rules.tree import ROOT, parsed, python_files, relative

NOT_INSTALLED = {"sensorium", "__future__", "_typeshed"}


def top_level(node: ast.AST) -> set[str]:
    """The top-level packages that a statement imports."""
    if isinstance(node, ast.Import):
        return {name.name.partition(".")[0] for name in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module.partition(".")[0]}
    return set()


def test_what_is_imported_is_asked_for_by_name() -> None:
    """What only comes with something else is gone when that no longer needs it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    asked = {canonicalize_name(Requirement(one).name) for one in project["dependencies"] + extras}
    homes = packages_distributions()
    missing = {}
    for path in python_files("src/"):
        imported = {name for node in ast.walk(parsed(path)) for name in top_level(node)}
        for name in imported - NOT_INSTALLED - sys.stdlib_module_names:
            if not asked & {canonicalize_name(home) for home in homes.get(name, [name])}:
                missing[relative(path)] = name
    assert missing == {}
