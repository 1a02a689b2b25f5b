"""Write docs/reference/metrics.md from the calls in the code that make metrics.

Run by ``make generate``; a test holds the page against the code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "metrics.md"
KINDS = {"counter", "gauge", "histogram"}
HEAD = """# Metrics

What `/metrics` exposes of Sensorium's own, beside the standard `process_*` and `python_*` metrics.
Counters end in `_total` there; histograms have `_bucket`, `_sum` and `_count`. This page is
generated: `make generate`.

| metric | kind | labels | what it is | counted in |
|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True, order=True)
class Metric:
    """One metric as a call in the code declares it; ``part`` is the folder of the file."""

    name: str
    kind: str
    labels: tuple[str, ...]
    doc: str
    part: str


def metrics(source: Path = ROOT / "src" / "sensorium") -> Iterator[Metric]:
    """Every metric that is made with a literal name, in any order."""
    for path in sorted(source.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr in KINDS:
                values = _literals(call)
                if len(values) >= 2:
                    labels = tuple(values.get("labels", ()))
                    inside = path.relative_to(source)
                    part = inside.stem if len(inside.parts) == 1 else inside.parent.as_posix()
                    yield Metric(values["name"], call.func.attr, labels, values["doc"], part)


def _literals(call: ast.Call) -> dict[str, str]:
    given = dict(zip(("name", "doc", "labels"), call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    values = {}
    for name in {"name", "doc", "labels"} & given.keys():
        try:
            values[name] = ast.literal_eval(given[name])
        except ValueError:
            continue
    return values if isinstance(values.get("name"), str) and "doc" in values else {}


def page(found: Iterable[Metric]) -> str:
    """The page's text: a row a metric, with every part that counts it."""
    found = sorted(found)
    rows = []
    for name in sorted({metric.name for metric in found}):
        same = [metric for metric in found if metric.name == name]
        first = same[0]
        labels = ", ".join(f"`{label}`" for label in first.labels)
        parts = ", ".join(f"`{part}`" for part in sorted({metric.part for metric in same}))
        doc = first.doc.removesuffix(".")
        doc = doc[:1].lower() + doc[1:] if doc[1:2].islower() else doc
        rows.append(f"| `{name}` | {first.kind} | {labels} | {doc} | {parts} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(metrics()), encoding="utf-8")
