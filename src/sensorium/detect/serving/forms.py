"""The two forms of requests and answers, and what a request says in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sensorium.detect.serving.arrow_body import read_arrow
from sensorium.detect.serving.asked import Asked
from sensorium.detect.serving.config import ServingConfig
from sensorium.detect.serving.json_body import read_json
from sensorium.detect.serving.refusal import Reason, shown, wrong


class Form(StrEnum):
    """Media types."""

    JSON = "application/json"
    ARROW = "application/vnd.apache.arrow.stream"


@dataclass(frozen=True, slots=True)
class Said:
    """A request as it arrived: a body in one form, the form wanted, and the URL's query."""

    form: Form
    wanted: Form
    body: bytes
    query: Sequence[tuple[str, str]] = ()


def read(said: Said, config: ServingConfig) -> Asked:
    """Read and check it; RefusedError says what is wrong."""
    query = dict(said.query)
    if len(query) < len(said.query):
        raise wrong(Reason.FIELDS, "a parameter is given twice", "give each once")
    if said.form is Form.ARROW:
        return read_arrow(said.body, query, config)
    if query:
        raise wrong(
            Reason.FIELDS,
            f"the URL has a parameter {shown(said.query[0][0])}",
            "with a body in JSON everything is said in the body",
        )
    return read_json(said.body, config)
