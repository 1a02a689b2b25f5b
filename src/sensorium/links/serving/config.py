"""Which graphs are served, from which folders, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedGraphConfig:
    """One graph under ``/api/v1/links/{name}``."""

    name: str = setting("", "its name in URLs", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    model: Path = setting(Path(), "folder of the model that `sensorium links fit` wrote")
    rules: Path | None = setting(
        None,
        "CSV or Parquet file of node, other and rule: who must not be suggested, what is private",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksConfig:
    """Suggestions of links over HTTP. A model or rules that change are taken up while it runs."""

    graphs: tuple[ServedGraphConfig, ...] = setting((), "the graphs to serve; none by default")
    poll_s: float = setting(
        10.0, "how often model and rules are looked at for changes, in seconds", gt=0
    )
    friends: int = setting(
        100, "friends of friends taken as candidates for one node, at most", ge=0, le=10_000
    )
    nearest: int = setting(
        50, "nodes near by embedding taken as candidates for one node, at most", ge=0, le=4_096
    )
    max_top: int = setting(100, "suggestions one request may ask for, for each node", ge=1)
    max_batch: int = setting(1_000, "nodes or pairs that one request may ask about", ge=1)
