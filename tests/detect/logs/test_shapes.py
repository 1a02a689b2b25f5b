"""Shapes of log lines, in columns and one by one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.logs.shapes import masked, shape_keys

MASKED = (
    ("Failed password for root from 10.0.0.7 port 4711 ssh2",
     "Failed password for root from <*> port <*> <*>"),
    ("connect to 10.0.0.1:5432 failed: timeout", "connect to <*> failed: timeout"),
    ("(root) CMD (/usr/local/bin/backup.sh --all)", "(root) CMD (<*> --all)"),
    ("query[A] www.example.com from fe80::1", "query[A] <*> from <*>"),
    ("eth0: link down", "<*>: link down"),
    ("Stopped it. Done.", "Stopped it. Done."),
    ("user=bob uid=1001, mail a@b", "user=bob uid=<*>, mail <*>"),
    ('10.0.0.7 "GET /a HTTP/1.1" 503 20 0.1', '<*> "GET <*> <*>" <5xx> <*> <*>'),
    ('"x" 2000 "y" 700 "z" 20', '"x" <*> "y" <*> "z" <*>'),
    ("uid:1000 port-no:-1 a_b:7,", "uid:<*> port-no:<*> a_b:<*>,"),
    ("localhost:80 eth0:1 face:1 z::1 :80", "localhost:<*> <*> <*> <*> :<*>"),
    ("port:80:81 x:y:7 12:30", "port:<*> <*> <*>"),
    (f"{'x' * 64}:7 {'x' * 65}:7 {'a' * 63}z:7", f"{'x' * 64}:<*> <*> {'a' * 63}z:<*>"),
    ("", ""),
)  # fmt: skip

line = st.text(
    st.sampled_from('abz0259 .:/@=-_[]()é\t"') | st.characters(codec="utf-8"), max_size=30
)


@pytest.mark.parametrize(("text", "wanted"), MASKED)
def test_variable_tokens_are_masked(text: str, wanted: str) -> None:
    assert masked(text) == wanted


@given(st.lists(line, min_size=1, max_size=12))
def test_lines_have_equal_shapes_just_when_their_masked_texts_are_equal(lines: list[str]) -> None:
    lines += [f'" {text}' for text in lines]
    lines += [text.replace("0", "99") for text in lines]
    shapes = shape_keys(pa.array(lines, pa.string())).tolist()
    texts = [masked(text) for text in lines]
    for i, text in enumerate(texts):
        for j in range(i):
            assert (shapes[i] == shapes[j]) == (text == texts[j]), (lines[i], lines[j])


def test_a_shape_does_not_depend_on_the_batch_around_it() -> None:
    lines = ["a 1 b", "", "c./x", ".9", "x:", ":y", "t::1"] * 3
    together = shape_keys(pa.array(lines, pa.string()))
    alone = [shape_keys(pa.array([text], pa.string()))[0] for text in lines]
    assert together.tolist() == alone
    sliced = shape_keys(pa.array(["first 7", *lines, None], pa.string()).slice(1, len(lines)))
    assert sliced.tolist() == alone


def test_missing_bodies_have_the_shape_of_empty_ones() -> None:
    shapes = shape_keys(pa.array([None, "", "x"], pa.string()))
    assert shapes[0] == shapes[1] != shapes[2]
    assert len(shape_keys(pa.array([], pa.string()))) == 0
    assert len(np.unique(shape_keys(pa.array(["", None], pa.string())))) == 1
