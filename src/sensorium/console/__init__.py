"""The HTTP side of a running service: its JSON API, metrics and health."""

from sensorium.console.config import ConsoleConfig

__all__ = ["ConsoleConfig"]
