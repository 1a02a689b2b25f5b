from __future__ import annotations

from pathlib import Path

import pytest

from sensorium.cli.context import DEMO_FOLDER, data_flag, find_home
from sensorium.errors import UsageError


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENSORIUM_DATA", raising=False)
    monkeypatch.delenv("SENSORIUM__DATA_DIR", raising=False)


def test_without_anything_the_data_folder_is_var() -> None:
    assert find_home(None, None).data == Path("var")


def test_a_folder_that_is_named_wins() -> None:
    DEMO_FOLDER.mkdir()
    assert find_home(None, Path("elsewhere")).data == Path("elsewhere")


def test_after_a_demo_its_folder_is_found_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    DEMO_FOLDER.mkdir()
    home = find_home(None, None)
    assert capsys.readouterr().err == ""  # what is not used is not named
    assert home.data == home.data == DEMO_FOLDER
    assert capsys.readouterr().err == "using the last demo's data in .demo\n"


def test_data_of_ones_own_is_not_hidden_by_a_demo() -> None:
    DEMO_FOLDER.mkdir()
    Path("var").mkdir()
    assert find_home(None, None).data == Path("var")


def test_the_ledger_of_the_gateway_alone_does_not_hide_a_demo() -> None:
    DEMO_FOLDER.mkdir()
    Path("var").mkdir()
    Path("var/gateway.sqlite").touch()
    assert find_home(None, None).data == DEMO_FOLDER
    assert data_flag(DEMO_FOLDER) == ""
    Path("var/records.sqlite").touch()
    assert find_home(None, None).data == Path("var")


def test_a_data_folder_that_the_settings_give_is_taken_even_beside_a_demo() -> None:
    DEMO_FOLDER.mkdir()
    settings = Path("conf/sensorium.yaml")
    settings.parent.mkdir()
    settings.write_text("data_dir: kept\n", encoding="utf-8")
    assert find_home(settings, None).data == Path("conf/kept")


def test_a_printed_command_names_the_folder_only_where_it_would_not_be_found() -> None:
    assert data_flag(Path("var")) == ""
    assert data_flag(DEMO_FOLDER) == ""
    assert data_flag(Path("other")) == " --data other"
    Path("var").mkdir()
    assert data_flag(DEMO_FOLDER) == " --data .demo"


def test_a_folder_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    home = find_home(None, tmp_path / "slip")
    for opened in (home.records, home.telemetry):
        with pytest.raises(UsageError, match="there is no data folder"), opened():
            pass
    assert not home.data.exists()
