from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.docs.examples import Example, examples, matches, prepare, run, with_ids

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
RUNNABLE = [page for page in PAGES if any(examples(page.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_examples_of_a_page_print_what_the_page_says(page: Path, tmp_path: Path) -> None:
    prepare(tmp_path, ROOT)
    printed: list[str] = []
    for written in examples(page.read_text(encoding="utf-8")):
        example = replace(written, command=with_ids(written.command, printed))
        status, out, err = run(example, tmp_path)
        printed.append(out)
        where = f"{page.relative_to(ROOT)}:{example.line}: $ {example.command}"
        assert status == 0, f"{where}\n{out}{err}"
        assert matches(example.expected, out), f"{where}\nprinted:\n{out}"


def test_some_page_has_runnable_examples() -> None:
    assert RUNNABLE


def test_commands_and_their_output_are_read_from_console_blocks() -> None:
    text = "Text.\n\n```console run\n$ echo a; echo b\na\nb\n$ true\n```\n\n```console\n$ no\n```\n"
    assert list(examples(text)) == [
        Example(4, "echo a; echo b", "a\nb\n"),
        Example(7, "true", ""),
    ]


def test_an_id_with_dots_is_the_first_of_the_latest_output_that_has_one() -> None:
    printed = ["INC-00000a A-0000aa", "INC-00000b INC-00000c"]
    assert with_ids("show INC-... A-...", printed) == "show INC-00000b A-0000aa"


def test_a_command_may_go_on_over_several_lines() -> None:
    text = "```console run\n$ cat <<END\n> a\n> END\na\n```\n"
    assert list(examples(text)) == [Example(2, "cat <<END\na\nEND", "a\n")]


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\nb\n", "a\n", False),
        ("a ... c\n", "a 17 c\n", True),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nd\n", True),
        ("a\n...\n", "b\n", False),
        ("", "whatever\n", True),
    ],
)
def test_dots_stand_for_any_text_and_for_any_lines(expected: str, printed: str, same: bool) -> None:
    assert matches(expected, printed) is same
