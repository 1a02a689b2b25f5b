"""Online log templates: in columns for what is known, by a tree for what is new.

Only a shape never seen before goes through the tree; every other line finds its template by its
shape's key, for a whole batch at once. A template's id is the key of the masked text of the line
that founded it and stays when the template grows more general, so ids in the store never change.

Lines of another order may give other templates: what a template has become by the time a line
comes decides whether the line joins it. How lines are divided into batches changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.detect.arrays import I64, U64
from sensorium.detect.keys import text_key
from sensorium.detect.logs.known import KnownShapes
from sensorium.detect.logs.shapes import WILDCARD, masked, shape_keys
from sensorium.detect.logs.tree import Node, Tree, words_of
from sensorium.state.arrays import State, StateError, joined, part, taken, taken_texts, texts

_SHAPES_PER_TEMPLATE = 8


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


class TemplateMiner:
    """Gives every log line the id of its template.

    Beyond ``capacity`` templates, new shapes share one template per application. Eight times as
    many shapes are remembered; a line of one that was forgotten goes through the tree again.
    """

    def __init__(self, similarity: float, capacity: int) -> None:
        self._similarity = similarity
        self._tree = Tree(similarity)
        self._capacity = capacity
        self._nodes: dict[int, Node] = {}
        self._changed: dict[int, None] = {}
        self._known = KnownShapes(_SHAPES_PER_TEMPLATE * capacity)
        self.slow_lines = 0

    def __len__(self) -> int:
        return len(self._nodes)

    def assign(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with ``template_id`` filled in, lines taken in their order."""
        if not batch.num_rows:
            return batch
        shapes = _line_shapes(batch)
        ids = self._known.find(shapes)
        unknown = np.flatnonzero(ids == 0)
        if len(unknown):
            ids[unknown] = self._take_in(batch, shapes[unknown], unknown)
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

    def state(self) -> State:
        """The templates in the order of their age, the shapes known, and what is to be told."""
        nodes = list(self._nodes.values())
        return {
            **joined(
                known=self._known.state(),
                apps=texts(node.app for node in nodes),
                words=texts(" ".join(node.words) for node in nodes),
            ),
            "ids": np.array([node.template_id for node in nodes], np.uint64),
            "first_seen_ns": np.array([node.first_seen_ns for node in nodes], np.int64),
            "changed": np.array(list(self._changed), np.uint64),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        ids = taken(state, "ids", np.uint64, None).tolist()
        first = taken(state, "first_seen_ns", np.int64, len(ids)).tolist()
        apps, words = (taken_texts(state, name, len(ids)) for name in ("apps", "words"))
        changed = taken(state, "changed", np.uint64, None).tolist()
        if len(set(ids)) != len(ids) or not set(changed) <= set(ids):
            raise StateError("a kept state has a template twice, or tells of one that it lacks")
        self._known.restore(part(state, "known"))
        self._tree, self._nodes = Tree(self._similarity), {}
        for template_id, app, text, seen_ns in zip(ids, apps, words, first, strict=True):
            self._add(Node(template_id, app, text.split(), seen_ns))
        self._changed = dict.fromkeys(changed)

    def take_over(self, templates: list[Template]) -> None:
        """Take in templates of an earlier run, so that their lines keep their ids."""
        for known in sorted(templates, key=lambda t: (t.first_seen_ns, t.template_id)):
            if known.template_id not in self._nodes and len(self._nodes) < self._capacity:
                words = known.text.split()
                self._add(Node(known.template_id, known.app, words, known.first_seen_ns))

    def _take_in(self, batch: pa.RecordBatch, shapes: U64, lines: I64) -> U64:
        """Send the first line of each unknown shape through the tree, in order of the lines.

        Gives the templates of all those lines.
        """
        distinct, first, place = np.unique(shapes, return_index=True, return_inverse=True)
        self.slow_lines += len(distinct)
        found = np.empty(len(distinct), np.uint64)
        order = np.argsort(first)
        rows = pa.array(lines[first[order]])
        part = batch.select(["app", "body", "time_ns"]).take(rows).to_pydict()
        told = zip(part["app"], part["body"], part["time_ns"], strict=True)
        for shape, (app, body, time_ns) in zip(order, told, strict=True):
            found[shape] = self._place(app or "", body or "", time_ns or 0)
            self._known.add(distinct[shape], found[shape])
        return found[place]

    def _place(self, app: str, body: str, time_ns: int) -> int:
        words = words_of(masked(body))
        node, widened = self._tree.find(app, words)
        if node is not None:
            if widened:
                self._changed[node.template_id] = None
            return node.template_id
        if len(self._nodes) >= self._capacity:
            words = [WILDCARD]
        made = text_key(f"{app}\0{' '.join(words)}")
        if made not in self._nodes:
            self._add(Node(made, app, words, time_ns))
            self._changed[made] = None
        return made

    def _add(self, node: Node) -> None:
        self._nodes[node.template_id] = node
        self._tree.add(node)


def _line_shapes(batch: pa.RecordBatch) -> U64:
    apps = pc.dictionary_encode(batch.column("app").fill_null(""))
    app_keys = np.array([text_key(app) for app in apps.dictionary.to_pylist()], np.uint64)
    by_line = app_keys[apps.indices.to_numpy(zero_copy_only=False)]
    return shape_keys(batch.column("body"), by_line)


def _shown(node: Node) -> Template:
    return Template(node.template_id, node.app, " ".join(node.words), node.first_seen_ns)
