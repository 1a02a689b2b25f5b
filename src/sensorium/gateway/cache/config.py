"""Settings of the cache."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, kw_only=True, slots=True)
class SemanticConfig:
    """Answers to questions that are very like an earlier one. Off without a model."""

    model: str = setting("", "the model that embeds questions; none turns it off")
    threshold: float = setting(
        0.97, "cosine of two questions from which they count as one", gt=0.5, le=1
    )
    max_entries: int = setting(10_000, "questions kept in memory", ge=1, le=1_000_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheConfig:
    """Answers that were given before, for the same tenant, parameters and policy only."""

    enabled: bool = setting(False, "keep answers")
    ttl_seconds: float = setting(3600.0, "how long an answer is kept", gt=0)
    max_bytes: int = setting(
        64 * 1024 * 1024, "what is kept in memory; the least recently used leave", ge=1024
    )
    file: str = setting(
        "",
        "SQLite file below data_dir that keeps answers across restarts; none keeps them in"
        " memory only",
        pattern=r"^[\w.-]{0,100}$",
    )
    max_file_bytes: int = setting(
        1024 * 1024 * 1024, "what is kept in the file; the oldest leave", ge=1024
    )
    tool_results: bool = setting(False, "keep answers to what tools gave back as well")
    models: tuple[str, ...] = setting((), "models whose answers are kept; all where none is named")
    semantic: SemanticConfig = setting(SemanticConfig, "")
