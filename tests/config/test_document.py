from __future__ import annotations

import pytest

from sensorium.config.document import dotted, read_yaml
from sensorium.config.problems import SettingsError


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30:00", "12:30:00"),
        ("2024-01-01", "2024-01-01"),
        ("0514", 514),
        ("1_000", 1000),
        ("-3", -3),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("~", None),
        ("'5'", "5"),
        ("10.0.0.1", "10.0.0.1"),
        ("fc00::/7", "fc00::/7"),
        ("[1, a]", [1, "a"]),
    ],
)
def test_plain_values_follow_yaml_1_2(written: str, meant: object) -> None:
    value = read_yaml(f"key: {written}", "s.yaml").data["key"]
    assert value == meant
    assert type(value) is type(meant)


def test_an_empty_file_is_an_empty_section() -> None:
    assert read_yaml("", "s.yaml").data == {}
    assert read_yaml("# only a comment\n", "s.yaml").data == {}


def test_a_key_written_twice_is_refused_with_both_lines() -> None:
    with pytest.raises(SettingsError) as caught:
        read_yaml("detect:\n  a: 1\n  b: 2\n  a: 3\n", "s.yaml")
    assert (
        str(caught.value.problems[0]) == "s.yaml:4: detect.a: written twice; the first is on line 2"
    )


def test_every_place_is_known_and_missing_ones_are_near() -> None:
    document = read_yaml("a:\n  b:\n    - 1\n    - 2\n", "s.yaml")
    assert document.place(("a", "b", 1)) == "s.yaml:4"
    assert document.place(("a", "b", 7)) == "s.yaml:2"
    assert document.place(("elsewhere",)) == "s.yaml:1"


@pytest.mark.parametrize("text", ["a: [1", "a: 1\n b: 2", "a: 1\n---\nb: 2", "\t", "? [x]\n: 1"])
def test_what_is_not_one_yaml_document_of_text_keys_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^s\.yaml:\d"):
        read_yaml(text, "s.yaml")


def test_tags_make_no_objects() -> None:
    with pytest.raises(SettingsError, match="is not taken here"):
        read_yaml("a: !!python/object/apply:os.getcwd []", "s.yaml")
    with pytest.raises(SettingsError, match="'x' does not fit its tag"):
        read_yaml("a: !!int x", "s.yaml")


def test_a_path_is_written_with_dots_and_brackets() -> None:
    assert dotted(("ingest", "scrape", 0, "url")) == "ingest.scrape[0].url"


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "a: &a\n  b: *a",
        "a: " + "[" * 3000,
        "{a: " * 3000,
        "a: &a {x: 1}\n"
        + "".join(
            f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n"
            for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
    ],
    ids=["list of itself", "section in itself", "lists", "sections", "aliases of aliases"],
)
def test_sections_without_end_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^s\.yaml.*more than"):
        read_yaml(text, "s.yaml")
