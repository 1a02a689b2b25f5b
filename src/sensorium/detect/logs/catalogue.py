"""The kinds of lines in a text, with their counts and an example of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sensorium.detect.config import DetectConfig
from sensorium.detect.logs.heads import split_head
from sensorium.detect.logs.templates import TemplateMiner

_EXAMPLE = 1024


@dataclass(slots=True)
class Kind:
    """A template and what has been seen of it."""

    template_id: int
    app: str
    text: str
    example: str
    lines: int = 0

    @property
    def shown_id(self) -> str:
        """The id in hexadecimal, as anomalies show it."""
        return f"{self.template_id:016x}"


class Catalogue:
    """Finds the template of every line; memory is bounded by the settings' defaults.

    Times and senders at the start of lines are taken off unless ``whole_lines``.
    """

    def __init__(self, *, whole_lines: bool = False) -> None:
        config = DetectConfig()
        self._miner = TemplateMiner(config.template_similarity, config.max_templates)
        self._whole = whole_lines
        self._kinds: dict[int, Kind] = {}

    def __len__(self) -> int:
        return len(self._kinds)

    def take(self, lines: list[str]) -> list[Kind]:
        """The kind of each line, up to date with all lines given so far."""
        heads = [("", line) if self._whole else split_head(line) for line in lines]
        batch = pa.RecordBatch.from_pydict(
            {
                "app": pa.array([app for app, _ in heads], pa.string()),
                "body": pa.array([body for _, body in heads], pa.string()),
                "time_ns": pa.array([0] * len(lines), pa.int64()),
                "template_id": pa.array([0] * len(lines), pa.uint64()),
            }
        )
        ids = self._miner.assign(batch).column("template_id").to_numpy()
        for changed in self._miner.changed():
            kind = self._kinds.get(changed.template_id)
            if kind is None:
                kind = Kind(changed.template_id, changed.app, changed.text, "")
                self._kinds[changed.template_id] = kind
            kind.text = changed.text
        distinct, first, counts = np.unique(ids, return_index=True, return_counts=True)
        for template_id, line, count in zip(distinct.tolist(), first, counts.tolist(), strict=True):
            kind = self._kinds[template_id]
            kind.example = kind.example or lines[line][:_EXAMPLE]
            kind.lines += count
        return [self._kinds[template_id] for template_id in ids.tolist()]

    def kinds(self) -> list[Kind]:
        """All kinds, those with the most lines first."""
        return sorted(self._kinds.values(), key=lambda kind: (-kind.lines, kind.template_id))
