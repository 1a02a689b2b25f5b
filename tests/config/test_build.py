from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from sensorium.component import setting
from sensorium.config.build import build
from sensorium.config.document import Document, read_yaml
from sensorium.config.environment import overlay
from sensorium.config.problems import SettingsError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetConfig:
    url: str = field(metadata={"doc": "where"})
    timeout_s: float = setting(5.0, "seconds", gt=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowConfig:
    window_s: int = setting(30, "length", ge=1, le=3600)
    keep_days: int = setting(30, "keeping", ge=0)
    max_bytes: int = setting(1 << 20, "bytes", ge=1)
    rate: float = setting(0.001, "rate", gt=0, le=0.1)
    colour: Colour = setting(Colour.RED, "colour")
    low: int = setting(1, "low")
    high: int = setting(9, "high")

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low must not be above high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    data_dir: Path = setting(Path("var"), "folder")
    name: str = setting("", "name")
    on: bool = setting(False, "switch")
    ports: tuple[int, ...] = setting((2055,), "ports")
    files: tuple[Path, ...] = setting((), "files")
    key: str = setting("", "key file", path=True)
    sockets: tuple[str, ...] = setting((), "sockets", path=True)
    window: WindowConfig = setting(WindowConfig, "")
    targets: tuple[TargetConfig, ...] = setting((), "targets")
    labels: dict[str, str] = setting(dict, "labels")


def read(text: str, **environ: str) -> Tree:
    document = read_yaml(text, "s.yaml")
    overlay(document, environ)
    return build(Tree, document, folder=Path("/etc/sensorium"))


def problems(text: str, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(text, **environ)
    return [str(problem) for problem in caught.value.problems]


def test_nothing_written_gives_the_defaults() -> None:
    assert read("") == Tree()
    assert build(Tree, Document({})) == Tree()


def test_what_is_written_is_taken() -> None:
    tree = read(
        """
        window: {window_s: 10, colour: blue, rate: 0.01}
        ports: [2055, 4739]
        targets:
          - url: http://10.0.0.1:9100/metrics
          - {url: http://10.0.0.2:9100/metrics, timeout_s: 1}
        labels: {site: lab}
        """
    )
    assert tree.window == WindowConfig(window_s=10, colour=Colour.BLUE, rate=0.01)
    assert tree.ports == (2055, 4739)
    assert [target.timeout_s for target in tree.targets] == [5.0, 1.0]
    assert tree.labels == {"site": "lab"}


def test_an_unknown_setting_is_refused_and_the_nearest_is_named() -> None:
    assert problems("window:\n  windows_s: 10\n") == [
        "s.yaml:2: window.windows_s: there is no such setting; did you mean window_s?"
    ]


def test_a_setting_in_the_wrong_section_is_refused_and_the_right_one_is_named() -> None:
    assert problems("keep_days: 3") == [
        "s.yaml:1: keep_days: there is no such setting; did you mean window.keep_days?"
    ]


def test_a_setting_like_no_other_lists_those_known_there() -> None:
    (problem,) = problems("window: {zzz: 1}")
    assert problem.endswith("known here: colour, high, keep_days, low, max_bytes, rate, window_s")


def test_all_problems_are_told_at_once() -> None:
    assert len(problems("nam: x\nwindow:\n  window_s: 0\n  rate: high\n  colour: green\n")) == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("window: {window_s: 0}", "greater than or equal to 1 (got 0)"),
        ("window: {window_s: 1.5}", "integer"),
        ("window: {window_s: '10'}", "integer"),
        ("window: {window_s: true}", "integer"),
        ("window: {rate: 1}", "less than or equal to 0.1"),
        ("window: {colour: green}", "'red' or 'blue'"),
        ("window: [1]", "is a section with settings of its own, not a list"),
        ("targets: {url: x}", "is a list, not a section"),
        ("targets: [{}]", "targets[0].url: must be given"),
        ("on: yes", "boolean"),
        ("name: 5", "string"),
        ("ports: [80, http]", "ports[1]: "),
        ("ports: 80", "array"),
        ("window: {low: 5, high: 4}", "low must not be above high"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(text: str, says: str) -> None:
    (problem,) = problems(text)
    assert says in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("window: {window_s: 1m}", ("window_s", 60)),
        ("window: {window_s: 2000ms}", ("window_s", 2)),
        ("window: {keep_days: 2w}", ("keep_days", 14)),
        ("window: {max_bytes: 64MiB}", ("max_bytes", 64 << 20)),
        ("window: {max_bytes: 1.5kB}", ("max_bytes", 1500)),
    ],
)
def test_an_amount_with_a_unit_is_turned_into_the_settings_own(
    text: str, expected: tuple[str, int]
) -> None:
    name, value = expected
    assert getattr(read(text).window, name) == value


@pytest.mark.parametrize(
    "text", ["window: {window_s: 5MiB}", "window: {low: 5s}", "window: {window_s: 1500ms}"]
)
def test_a_unit_that_does_not_fit_the_setting_is_refused(text: str) -> None:
    assert len(problems(text)) == 1


def test_paths_in_the_file_start_at_the_files_folder() -> None:
    tree = read("data_dir: data\nfiles: [a.ics, /srv/b.ics]\n")
    assert tree.data_dir == Path("/etc/sensorium/data")
    assert tree.files == (Path("/etc/sensorium/a.ics"), Path("/srv/b.ics"))


def test_text_that_is_a_path_starts_there_too_and_what_is_empty_stays_so() -> None:
    tree = read("key: tls/server.key\nsockets: [log, /dev/log]\nname: tls/name\n")
    assert tree.key == "/etc/sensorium/tls/server.key"
    assert tree.sockets == ("/etc/sensorium/log", "/dev/log")
    assert tree.name == "tls/name"
    assert read("key: ''\n").key == ""
    assert read("", SENSORIUM__KEY="server.key").key == "server.key"


def test_default_paths_and_paths_of_the_environment_start_at_the_working_folder() -> None:
    assert read("").data_dir == Path("var")
    assert read("name: x", SENSORIUM__DATA_DIR="there").data_dir == Path("there")


@pytest.mark.parametrize(
    ("name", "value", "of", "expected"),
    [
        ("SENSORIUM__WINDOW__WINDOW_S", "10", "window.window_s", 10),
        ("SENSORIUM__WINDOW__WINDOW_S", "5m", "window.window_s", 300),
        ("SENSORIUM__NAME", "5", "name", "5"),
        ("SENSORIUM__ON", "true", "on", True),
        ("SENSORIUM__PORTS", "[1, 2]", "ports", (1, 2)),
        ("SENSORIUM__LABELS", "{site: a}", "labels", {"site": "a"}),
        ("SENSORIUM__WINDOW", "{window_s: 7}", "window.window_s", 7),
        ("SENSORIUM__TARGETS", "[{url: u}]", "targets", (TargetConfig(url="u"),)),
    ],
)
def test_the_environment_overrides_the_file(
    name: str, value: str, of: str, expected: object
) -> None:
    tree: Any = read("name: file\nwindow: {window_s: 20}\n", **{name: value})
    for part in of.split("."):
        tree = getattr(tree, part)
    assert tree == expected


def test_a_problem_of_the_environment_names_the_variable() -> None:
    assert problems("window:\n  window_s: 3\n", SENSORIUM__WINDOW__WINDOW_S="long") == [
        "SENSORIUM__WINDOW__WINDOW_S: window.window_s: input should be a valid integer"
        ' (got "long"); a number of seconds, or like 90s, 5m, 2h'
    ]
    assert problems("", SENSORIUM__WINDOW__WINDOWS="1")[0].startswith("SENSORIUM__WINDOW__WINDOWS:")
    assert problems("name: x", SENSORIUM__NAME__DEEPER="1") == [
        "SENSORIUM__NAME__DEEPER: name.deeper: cannot be set below a value that is not a section"
    ]


def test_other_variables_are_left_alone() -> None:
    assert read("", SENSORIUM_DATA="/x", HOME="/y") == Tree()
