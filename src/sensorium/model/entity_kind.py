"""What is watched, by kind; settings name kinds, and are read without any Arrow."""

from __future__ import annotations

from enum import StrEnum


class EntityKind(StrEnum):
    """What an anomaly can be about; an entity's key has a form for each kind, see ``Entity``."""

    HOST = "host"
    PAIR = "pair"
    SERVICE = "service"
    INTERFACE = "interface"
    EXPORTER = "exporter"
    SERIES = "series"
    LOG_TEMPLATE = "log_template"
