"""Loads, stores and copies on raw addresses: those of :mod:`sensorium.ingest.memory`."""

from sensorium.ingest.memory import (
    byte,
    copy,
    lowest_byte,
    position,
    put_byte,
    put_position,
    put_total,
    put_word,
    total,
    word,
)

__all__ = [
    "byte",
    "copy",
    "lowest_byte",
    "position",
    "put_byte",
    "put_position",
    "put_total",
    "put_word",
    "total",
    "word",
]
