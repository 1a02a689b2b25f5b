"""What a file is that holds a graph in a form that is not read, so that it can be said."""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa

_FORMS: Final = (
    ("GraphML", re.compile(r"<\?xml.*<graphml\b|<graphml\b", re.DOTALL)),
    ("GEXF", re.compile(r"<\?xml.*<gexf\b|<gexf\b", re.DOTALL)),
    ("RDF", re.compile(r"@(prefix|base)\b|(<[^>\s]*>|_:\S+)\s+<[^>\s]*>\s.*\.\s*$", re.MULTILINE)),
    ("XML or HTML", re.compile(r"<(\?xml|!DOCTYPE|[a-z]+[ >])", re.IGNORECASE)),
    ("JSON", re.compile(r'[\[{]\s*[\[{"]|[\[{]\s*$', re.MULTILINE)),
    ("DOT", re.compile(r"(strict\s+)?(di)?graph\b[^\n{]*\{", re.IGNORECASE)),
    ("GML", re.compile(r"(?:.*\n){0,9}?\s*graph\s*\[")),
    ("a Pajek file", re.compile(r"\*(vertices|network|arcs|edges)", re.IGNORECASE)),
    ("a dense Matrix Market file", re.compile("%%MatrixMarket matrix array")),
)
_WIDE: Final = 4
"""A table of edges that has more columns has more rows too, or nothing is learned of it."""


def form_of(head: str) -> str | None:
    """The form of a text, by how it begins, where graphs come in it and it is no table."""
    begun = head.lstrip()
    return next((name for name, form in _FORMS if form.match(begun)), None)


def is_matrix(table: pa.Table) -> bool:
    """Whether this is a row and a column for each node, with or without a column of names."""
    rows, columns = int(table.num_rows), int(table.num_columns)
    if columns <= _WIDE or rows not in (columns - 1, columns):
        return False
    # The first three may be names, and ids, which are read as text.
    return all(
        pa.types.is_integer(one) or pa.types.is_floating(one) for one in table.schema.types[3:]
    )
