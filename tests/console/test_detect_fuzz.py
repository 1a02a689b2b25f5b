"""Whatever is sent to be scored, the answer is scores or a refusal that says why."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.console.detecting import (
    ARROW,
    FEATURES,
    PATH,
    Scoring,
    scorers,
    scoring,
    stream,
    table,
    trained,
)

SERVED: Final = scoring(requests_per_minute=0, max_rows=200, max_columns=4, max_body_bytes=1 << 16)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from([1e100, -1e100, 1e99, 5e-324, 0.0, -0.0, 2**53 + 1])
    | st.text(max_size=5)
)
NAMES = st.text(max_size=4) | st.sampled_from(["a", "model", 'q"\\', "score", "times"])
TIMES = st.sampled_from(
    [1_767_567_600, 1_767_567_601.5, "2026-01-05", "2026-01-05T00:00:00Z", None, -1, 2**62]
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3)
)


@st.composite
def nearly_right(draw: st.DrawFn) -> dict[str, Any]:
    """A request in JSON with a fault here and there."""
    rows = draw(st.integers(0, 60))
    numbers = draw(st.sampled_from([SCALARS, st.floats(-1e100, 1e100), st.integers(0, 3)]))
    column = st.lists(numbers, min_size=rows, max_size=rows)
    asked: dict[str, Any] = {
        "columns": draw(st.dictionaries(NAMES, column | SCALARS, max_size=5)),
    }
    if draw(st.booleans()):
        asked["times"] = draw(st.lists(TIMES, min_size=rows, max_size=rows))
    if draw(st.booleans()):
        asked["warmup"] = draw(st.integers(0, 70) | SCALARS)
    if draw(st.integers(0, 9)) == 0:
        asked[draw(NAMES)] = draw(ANYTHING)
    return asked


def check(
    content: bytes,
    headers: dict[str, str],
    said: dict[str, str] | None = None,
    served: Scoring = SERVED,
) -> int:
    """Ask; a status and an answer that holds together."""
    answer = served.client.post(PATH, content=content, headers=headers, params=said)
    assert answer.status_code in {200, 400, 404, 413, 422}, answer.text
    if answer.status_code != 200:
        assert isinstance(answer.json()["detail"], str)
    elif answer.headers["content-type"] == ARROW:
        rows = table(answer.content)
        tails = rows["tail_probability"].to_numpy()
        assert ((tails >= 0) & (tails <= 1) | np.isnan(tails)).all()
    else:
        found = orjson.loads(answer.content)
        assert len(found["score"]) == len(found["tail_probability"]) == found["rows"]
        assert all(p is None or 0 <= p <= 1 for p in found["tail_probability"])
    return answer.status_code


@given(ANYTHING | nearly_right())
def test_any_json_is_scored_or_refused(asked: Any) -> None:
    check(json.dumps(asked).encode(), {"content-type": "application/json"})


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_any_bytes_are_refused(body: bytes) -> None:
    for kind in ("application/json", ARROW):
        assert check(body, {"content-type": kind}) != 200


NUMBERS = "float64 float32 float16 int64 int8 uint64 bool string null".split()
STAMPS = "timestamp[s] timestamp[ns] date32[day] date64[ms]".split()
KINDS = st.sampled_from([*NUMBERS, *STAMPS]).map(
    lambda name: pa.null() if name == "null" else pa.type_for_alias(name)
)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """A table of any of the kinds, with nulls."""
    rows = draw(st.integers(0, 40))
    columns = {}
    for name in draw(st.lists(NAMES, max_size=4, unique=True)):
        kind = draw(KINDS)
        numbers = st.floats() if pa.types.is_floating(kind) else st.integers(0, 100)
        values = draw(st.lists(st.none() | numbers, min_size=rows, max_size=rows))
        if pa.types.is_string(kind):
            values = [None if v is None else f"2026-01-05T00:{v % 60:02}:00" for v in values]
        if pa.types.is_boolean(kind):
            values = [None if v is None else v > 50 for v in values]
        if kind == pa.float16():
            values = [None if v is None else np.float16(min(max(v, -6e4), 6e4)) for v in values]
        columns[name] = pa.nulls(rows) if kind == pa.null() else pa.array(values, kind)
    return pa.table(columns)


@given(tables(), st.sampled_from([None, "zstd", "lz4"]), st.data())
def test_any_table_is_scored_or_refused(rows: pa.Table, packed: str | None, data: Any) -> None:
    said = {}
    if data.draw(st.booleans()):
        said["time"] = data.draw(NAMES)
    if data.draw(st.booleans()):
        said["warmup"] = str(data.draw(st.integers(-1, 50)))
    check(stream(rows, packed), {"content-type": ARROW}, said)


@given(st.sampled_from([None, "zstd", "lz4"]), st.data())
def test_a_stream_with_bytes_changed_is_scored_or_refused(packed: str | None, data: Any) -> None:
    rows = pa.table({"at": pa.array(np.arange(30), pa.timestamp("s")), "a": np.arange(30.0)})
    body = bytearray(stream(rows, packed))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(body[: data.draw(st.integers(0, len(body)))]), {"content-type": ARROW})
    check(bytes(body), {"content-type": ARROW})


@pytest.fixture(scope="module")
def with_model(tmp_path_factory: pytest.TempPathFactory) -> Scoring:
    """With a trained model of three features, besides."""
    registry = trained(tmp_path_factory.mktemp("models"))
    return scoring(scorers(registry), requests_per_minute=0)


@given(
    st.sampled_from(["flows.host.joint", "flows.host.joint@1", "flows.host.joint@2", "a@b@c"]),
    st.dictionaries(
        st.sampled_from(FEATURES) | NAMES,
        st.lists(st.floats(allow_nan=False) | st.none() | SCALARS, min_size=3, max_size=3),
        min_size=2,
        max_size=4,
    )
    | st.fixed_dictionaries(
        {name: st.lists(st.floats(-1e38, 1e38), min_size=3, max_size=3) for name in FEATURES}
    ),
    st.none() | st.integers(-1, 21),
)
def test_any_vectors_are_scored_or_refused(
    with_model: Scoring, model: str, columns: dict[str, Any], told: int | None
) -> None:
    asked = {"model": model, "columns": columns, "contributions": told}
    check(json.dumps(asked).encode(), {"content-type": "application/json"}, served=with_model)
