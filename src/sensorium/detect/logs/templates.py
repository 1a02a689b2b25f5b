"""Online log templates: a tree of fixed depth in the manner of Drain (He et al. 2017).

Only a shape never seen before goes through the tree; every other line finds its template by its
shape's key, for a whole batch at once. A template's id is the key of the masked text of the line
that founded it and stays when the template grows more general, so ids in the store never change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.detect.arrays import I64, U64
from sensorium.detect.keys import KeyIndex, combine, text_key
from sensorium.detect.logs.shapes import WILDCARD, masked, shape_keys

# Lines that differ in one of these say different things, however alike they are.
_TELLING = re.compile(
    r"(?i)\b(debug|info|notice|log|warn|warning|err|error|errors|crit|critical|fatal|panic|emerg"
    r"|alert|up|down|open|opened|close|closed|start|started|stop|stopped|lost|detected|true|false"
    r"|accepted|rejected|refused|denied|failed|failure|success|succeeded|ok)\b|<[1-5]xx>"
)

_Leaf = tuple[str, int, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Template:
    """What one kind of line looks like; ``<*>`` stands for what varies."""

    template_id: int
    app: str
    text: str
    first_seen_ns: int

    @property
    def told(self) -> str:
        """``app: text``, as the store keeps it."""
        return f"{self.app}: {self.text}"

    @staticmethod
    def of(template_id: int, told: str, first_seen_ns: int) -> Template:
        """The template of a row of the store."""
        app, _, text = told.partition(": ")
        return Template(template_id, app, text, first_seen_ns)


@dataclass(slots=True)
class _Node:
    template_id: int
    app: str
    words: list[str]
    first_seen_ns: int


@dataclass(slots=True)
class _Tree:
    """Templates by application, number of words, first word and words of severity."""

    similarity: float
    leaves: dict[_Leaf, list[_Node]] = field(default_factory=dict)

    def find(self, app: str, words: list[str]) -> _Node | None:
        """The most similar template, the oldest of equals; None where none is similar enough."""
        best, best_share = None, 0.0
        for node in self.leaves.get(_leaf(app, words), ()):
            same = sum(a == b for a, b in zip(node.words, words, strict=True))
            share = same / max(len(words), 1)
            if share > best_share:
                best, best_share = node, share
        return best if best_share >= self.similarity else None

    def add(self, node: _Node) -> None:
        self.leaves.setdefault(_leaf(node.app, node.words), []).append(node)


def _leaf(app: str, words: list[str]) -> _Leaf:
    first = words[0] if words else ""
    telling = tuple(word for word in words if _TELLING.search(word))
    return app, len(words), WILDCARD if WILDCARD in first else first, telling


class TemplateMiner:
    """Gives every log line the id of its template.

    Beyond ``capacity`` templates, new shapes share one template per application.
    """

    def __init__(self, similarity: float, capacity: int) -> None:
        self._tree = _Tree(similarity)
        self._capacity = capacity
        self._nodes: dict[int, _Node] = {}
        self._changed: dict[int, None] = {}
        self._shapes = KeyIndex(8 * capacity)
        self._of_shape = np.zeros(0, np.uint64)
        self._batches = 0
        self.slow_lines = 0

    def __len__(self) -> int:
        return len(self._nodes)

    def assign(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with ``template_id`` filled in, lines taken in their order."""
        if not batch.num_rows:
            return batch
        shapes = self._line_shapes(batch)
        self._batches += 1
        unseen = self._shapes.find(shapes) < 0
        if unseen.any():
            self._take_in(batch, shapes, np.flatnonzero(unseen))
        rows = self._shapes.find(shapes)
        ids = np.where(rows >= 0, self._of_shape[rows], np.uint64(0))
        at = batch.schema.get_field_index("template_id")
        return batch.set_column(at, batch.schema.field(at), pa.array(ids, pa.uint64()))

    def template(self, template_id: int) -> Template | None:
        """The template of an id as it is now."""
        node = self._nodes.get(template_id)
        return None if node is None else _shown(node)

    def changed(self) -> list[Template]:
        """Templates that are new or more general than when last asked."""
        changed = [_shown(self._nodes[i]) for i in self._changed]
        self._changed.clear()
        return changed

    def restore(self, templates: list[Template]) -> None:
        """Take in templates of an earlier run, so that their lines keep their ids."""
        for known in templates:
            node = _Node(known.template_id, known.app, known.text.split(), known.first_seen_ns)
            if known.template_id not in self._nodes and len(self._nodes) < self._capacity:
                self._nodes[known.template_id] = node
                self._tree.add(node)

    def _line_shapes(self, batch: pa.RecordBatch) -> U64:
        apps = pc.dictionary_encode(batch.column("app").fill_null(""))
        app_keys = np.array([text_key(app) for app in apps.dictionary.to_pylist()], np.uint64)
        by_line = app_keys[apps.indices.to_numpy(zero_copy_only=False)]
        return combine(shape_keys(batch.column("body")), by_line)

    def _take_in(self, batch: pa.RecordBatch, shapes: U64, lines: I64) -> None:
        """Send the first line of each unseen shape through the tree, in order of the lines."""
        _, first = np.unique(shapes[lines], return_index=True)
        lines = lines[np.sort(first)]
        self.slow_lines += len(lines)
        part = batch.select(["app", "body", "time_ns"]).take(pa.array(lines)).to_pydict()
        found = [
            self._place(app or "", body or "", time_ns or 0)
            for app, body, time_ns in zip(part["app"], part["body"], part["time_ns"], strict=True)
        ]
        rows, _ = self._shapes.admit(shapes[lines], self._batches)
        if self._shapes.rows_used > len(self._of_shape):
            grown = np.zeros(2 * self._shapes.rows_used, np.uint64)
            grown[: len(self._of_shape)] = self._of_shape
            self._of_shape = grown
        self._of_shape[rows[rows >= 0]] = np.array(found, np.uint64)[rows >= 0]

    def _place(self, app: str, body: str, time_ns: int) -> int:
        text = masked(body)
        words = text.split()
        node = self._tree.find(app, words)
        if node is not None:
            merged = [a if a == b else WILDCARD for a, b in zip(node.words, words, strict=True)]
            if merged != node.words:
                node.words = merged
                self._changed[node.template_id] = None
            return node.template_id
        if len(self._nodes) >= self._capacity:
            words = [WILDCARD]
        made = text_key(f"{app}\0{' '.join(words)}")
        if made not in self._nodes:
            node = _Node(made, app, words, time_ns)
            self._nodes[made] = node
            self._changed[made] = None
            self._tree.add(node)
        return made


def _shown(node: _Node) -> Template:
    return Template(node.template_id, node.app, " ".join(node.words), node.first_seen_ns)
