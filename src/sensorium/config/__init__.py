"""Settings: one tree of the parts' frozen dataclasses, read strictly from YAML and environment."""

from sensorium.config.load import load, load_given, load_tree
from sensorium.config.problems import Problem, SettingsError
from sensorium.config.show import dump, example, json_schema
from sensorium.config.tree import Settings

__all__ = [
    "Problem",
    "Settings",
    "SettingsError",
    "dump",
    "example",
    "json_schema",
    "load",
    "load_given",
    "load_tree",
]
