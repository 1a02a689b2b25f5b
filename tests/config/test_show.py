from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from sensorium.component import setting
from sensorium.config import Settings, SettingsError, dump, example, json_schema, load
from sensorium.config.fields import settings_of
from sensorium.config.show import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """Where things are kept."""

    dsn: str = setting("postgresql://me:hunter2@db/x", "the database")
    api_token: str = setting("t0ken", "who we are")


def every_setting(section: type, path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in settings_of(section):
        found[f"{path}{each.name}"] = each
        for inner in (each.section, each.item):
            if inner is not None:
                found |= every_setting(inner, f"{path}{each.name}.")
    return found


def test_the_checked_in_example_is_what_the_settings_say(root: Path) -> None:
    written = (root / "sensorium.example.yaml").read_text(encoding="utf-8")
    assert written == example(Settings), "run `make generate`"


def test_the_example_loads_to_the_defaults(root: Path, tmp_path: Path) -> None:
    loaded = load(root / "sensorium.example.yaml")
    assert dataclasses.replace(loaded, data_dir=Path("var")) == Settings()


def test_every_setting_is_explained() -> None:
    unexplained = [
        name
        for name, each in every_setting(Settings).items()
        if not each.doc and each.section is None
    ]
    assert unexplained == []


def test_every_default_keeps_its_own_constraints(tmp_path: Path) -> None:
    file = tmp_path / "effective.yaml"
    file.write_text(dump(Settings()), encoding="utf-8")
    load(file)


def test_secrets_are_never_shown() -> None:
    shown = yaml.safe_load(dump(StoreConfig()))
    assert shown == {"dsn": "postgresql://me:***@db/x", "api_token": "***"}
    assert plain(StoreConfig(api_token=""))["api_token"] == ""


def test_the_schema_accepts_the_example_and_refuses_what_loading_refuses(root: Path) -> None:
    schema = json_schema(Settings)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    written = yaml.safe_load((root / "sensorium.example.yaml").read_text(encoding="utf-8"))
    assert list(validator.iter_errors(written)) == []
    assert not validator.is_valid({"detect": {"no_such_setting": 1}})
    assert not validator.is_valid({"detect": {"pass_rate": 7}})
    json.dumps(schema)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.yaml: cannot be read: No such file"):
        load(tmp_path / "missing.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        load(tmp_path / "latin.yaml")
