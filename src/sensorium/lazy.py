"""A package's public names, loaded when they are first used.

A package says in its ``__init__`` where its names are, and ``import package.config`` then loads
the settings of a part without the part: ``sensorium approval list`` reads the settings of the
decoder but need not compile it. The names are imported under ``TYPE_CHECKING`` as well, so that
type checkers and readers see them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy_names(package: str, **modules: str) -> Callable[[str], Any]:
    """A ``__getattr__`` for ``package`` (PEP 562).

    Each keyword is a submodule, its value the names it provides, parted by spaces.
    """
    home = {name: module for module, names in modules.items() for name in names.split()}

    def load(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{home[name]}"), name)

    return load
