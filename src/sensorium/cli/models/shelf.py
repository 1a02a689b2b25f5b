"""The registry of a data folder, and a version as a command line names it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensorium.cli.context import Home
    from sensorium.detect.models import ModelRegistry

FOLDER = "models"
NO_SHADOW = {
    "incidents.rank": "only orders incidents",
    "flows.edge": "adds to a score",
}


def registry_of(home: Home) -> ModelRegistry:
    """The models in the data folder; a service on it uses the same ones."""
    from sensorium.detect.models import ModelRegistry

    return ModelRegistry(home.data / FOLDER, time.time_ns, home.observe())


def check_shadow(name: str) -> None:
    """UsageError for a model beside which another would have nothing to do."""
    from sensorium.errors import UsageError

    if name in NO_SHADOW:
        raise UsageError(
            f"{name} {NO_SHADOW[name]}, and nothing runs in its shadow",
            next_step=f"compare what its versions reached: sensorium models show {name} VERSION",
        )


def the_name(registry: ModelRegistry, name: str) -> str:
    """The name again, if there are models of it; UsageError with what there is otherwise."""
    from difflib import get_close_matches

    from sensorium.errors import UsageError

    names = registry.names()
    if name in names:
        return name
    if not names:
        raise UsageError(
            "there are no models yet",
            next_step="train one: sensorium models train flows.host.joint --since 24h",
        )
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
    raise UsageError(f"there is no model {name!r}; {hint}")
