from __future__ import annotations

import io
import json
import logging

import pytest

from sensorium.observe import Observe
from sensorium.observe.config import LogFormat, LogLevel, ObserveConfig
from sensorium.observe.logs import StandardLibraryHandler, make_logger
from sensorium.observe.testing import RecordingObserve


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_away_from_a_terminal_an_entry_is_one_line_of_json() -> None:
    out = io.StringIO()
    observe = Observe(logger=make_logger(ObserveConfig(), out))
    observe.logger("ingest").info("template learned", exporter="10.0.0.1", template=256)
    entry = json.loads(out.getvalue())
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "level": "info",
        "message": "template learned",
        "part": "ingest",
        "exporter": "10.0.0.1",
        "template": 256,
    }


def test_on_a_terminal_an_entry_is_a_line_for_people() -> None:
    out = Terminal()
    make_logger(ObserveConfig(), out).warning("template missing")
    assert "template missing" in out.getvalue()
    assert not out.getvalue().startswith("{")


def test_the_format_can_be_forced_on_a_terminal() -> None:
    out = Terminal()
    make_logger(ObserveConfig(log_format=LogFormat.JSON), out).info("hello")
    assert json.loads(out.getvalue())["message"] == "hello"


def test_entries_below_the_level_are_not_written() -> None:
    out = io.StringIO()
    make_logger(ObserveConfig(log_level=LogLevel.ERROR), out).warning("quiet")
    assert out.getvalue() == ""


def test_an_exception_is_written_with_its_traceback() -> None:
    out = io.StringIO()
    logger = make_logger(ObserveConfig(), out)
    try:
        raise ValueError("boom")
    except ValueError:
        logger.exception("a detector failed")
    assert "ValueError: boom" in json.loads(out.getvalue())["exception"]


def test_what_libraries_log_becomes_our_entry_with_their_name_as_part() -> None:
    out = io.StringIO()
    library = logging.Logger("some.library")
    library.addHandler(StandardLibraryHandler(make_logger(ObserveConfig(), out)))
    library.warning("disk %s is full", "sda")
    entry = json.loads(out.getvalue())
    assert (entry["part"], entry["message"]) == ("some.library", "disk sda is full")


def test_a_facade_made_without_a_logger_writes_warnings_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logger = Observe().logger("store")
    logger.info("not shown")
    logger.warning("shown")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert json.loads(shown.err)["message"] == "shown"


def test_the_recording_facade_keeps_entries_instead_of_writing_them() -> None:
    observe = RecordingObserve()
    observe.logger("agent").debug("step", node="synthesize")
    assert observe.entries == [
        {"level": "debug", "event": "step", "part": "agent", "node": "synthesize"}
    ]
    assert observe.events == ["step"]


def test_an_entry_is_one_write_so_that_processes_do_not_mix_theirs() -> None:
    class Counted(io.StringIO):
        writes = 0

        def write(self, text: str) -> int:
            self.writes += 1
            return super().write(text)

    stream = Counted()
    make_logger(ObserveConfig(), stream).info("one", more="x" * 500)
    assert stream.writes == 1
    assert stream.getvalue().endswith("}\n")
