"""JSON that is not an object on each line: lists, and objects over several lines."""

from __future__ import annotations

import json
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.exports import Form, form_of, objects
from sensorium.ingest.exports.problem import Refusals
from sensorium.observe import Observe
from tests.ingest.exports.reading import read

LOGS = [{"time": f"2026-01-02T03:04:0{n}Z", "msg": f"message {n}"} for n in range(4)]
BODIES = [record["msg"] for record in LOGS]

leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
objects_of = partial(st.dictionaries, st.text(max_size=5), max_size=4)
values = st.recursive(leaves, lambda one: st.lists(one, max_size=3) | objects_of(one), max_leaves=8)


def _bodies(content: bytes) -> tuple[list[str], dict[str, float]]:
    records, refused = read(content)
    return [record["body"] for record in records], refused


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(LOGS),
        json.dumps(LOGS, indent=2),
        json.dumps(LOGS, indent="\t").replace("\n", "\r\n"),
        "\n".join(json.dumps(record, indent=2) for record in LOGS),
        ",\n".join(json.dumps(record, indent=2) for record in LOGS),
        "[\n" + ",\n".join(map(json.dumps, LOGS)) + "\n]\n",
        "\ufeff" + json.dumps(LOGS, indent=1),
    ],
)
def test_lists_and_objects_over_several_lines_are_read(text: str) -> None:
    assert form_of(text.encode()[:4096]) is Form.JSON
    assert _bodies(text.encode()) == (BODIES, {})


def test_what_is_no_object_is_counted_and_the_next_is_found() -> None:
    one, two, three, four = (json.dumps(record, indent=2) for record in LOGS)
    text = f'[\n{one},\n7,\n{two[:-9]},\n{three},\n{{"msg": nothing}},\n{four}\n]'
    assert _bodies(text.encode()) == ([BODIES[0], BODIES[2], BODIES[3]], {"malformed": 3})


def test_the_next_is_found_wherever_blocks_end(monkeypatch: pytest.MonkeyPatch) -> None:
    one = json.dumps(LOGS[1])
    text = f'[\n    {{"msg": nothing, "a": "{"x" * 50}"}},\n    {one}\n]'
    monkeypatch.setattr(objects, "_LONGEST", len(one))
    for block in range(1, len(text) + 1):
        monkeypatch.setattr(objects, "_BLOCK", block)
        refused = Refusals(Observe(), "json")
        found = list(objects.over_lines(BytesIO(text.encode()), refused))
        assert found == [LOGS[1]], block


def test_a_file_that_ends_inside_an_object_has_those_before_it() -> None:
    text = json.dumps(LOGS, indent=2)
    assert _bodies(text[: text.rindex("message 3")].encode()) == (BODIES[:3], {"malformed": 1})


def test_what_never_ends_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_BLOCK", 512)
    monkeypatch.setattr(objects, "_LONGEST", 2000)
    endless = '{"a": "' + "x" * 100_000
    text = f"[\n{endless}\n{json.dumps(LOGS[0])}]"
    assert _bodies(text.encode()) == (BODIES[:1], {"malformed": 1})


@given(st.lists(objects_of(values), max_size=6), st.data())
def test_objects_are_the_same_wherever_blocks_end(records: list[dict[str, Any]], data: Any) -> None:
    indent = data.draw(st.sampled_from([None, 0, 1, "\t"]))
    text = json.dumps(records, indent=indent, ensure_ascii=data.draw(st.booleans()))
    block = data.draw(st.integers(1, 50))
    content = BytesIO(text.encode("utf-8", "replace"))
    expected = json.loads(content.getvalue())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "_BLOCK", block)
        found = list(objects.over_lines(content, Refusals(Observe(), "json")))
    assert found == expected


@given(st.integers(1, 40), st.sampled_from([None, 1]), st.sampled_from(["records", "Records"]))
def test_a_list_that_is_all_of_an_object_is_read_wherever_blocks_end(
    block: int, indent: int | None, key: str
) -> None:
    wrapped = json.dumps({key: LOGS}, indent=indent)
    text = f"{wrapped}\n{wrapped}\n{json.dumps(LOGS[0])}"
    assert form_of(text.encode()) is Form.JSON
    refused = Refusals(Observe(), "json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "_BLOCK", block)
        found = list(objects.over_lines(BytesIO(text.encode()), refused))
    assert found == [*LOGS, *LOGS, LOGS[0]]


@given(st.text(max_size=200))
def test_any_text_is_read_or_counted(text: str) -> None:
    one = json.dumps(LOGS[0])
    read(f"[{one},\n{text}".encode("utf-8", "replace"))
    read(f"[\n{one}]\n{text}\n".encode("utf-8", "replace"))
