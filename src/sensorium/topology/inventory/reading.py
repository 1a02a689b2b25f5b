"""Files in, one inventory out; each file's format is known by what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sensorium.errors import UsageError
from sensorium.topology.inventory import kubernetes, lldp, netbox, snmp
from sensorium.topology.inventory.model import Inventory

_Form = tuple[Callable[[Any], bool], Callable[[Any, str], Inventory]]
_JSON: tuple[_Form, ...] = tuple((f.recognises, f.read) for f in (lldp, kubernetes, netbox))


class InventoryError(UsageError):
    """A file that should say what exists cannot be read."""


def read_inventory(paths: Iterable[Path]) -> Inventory:
    """What the files say together; of a folder, all its files in the order of their names."""
    return Inventory.of(_read(path) for given in paths for path in inventory_files(given))


def inventory_files(path: Path) -> list[Path]:
    """The file, or the files of a folder; InventoryError for a folder that cannot be listed."""
    try:
        if not path.is_dir():
            return [path]
        return sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError as error:
        raise _unreadable(path, error) from error


def _read(path: Path) -> Inventory:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise _unreadable(path, error) from error
    name = path.name.lower().removesuffix(".json").removesuffix(".txt").removesuffix(".lldp")
    try:
        document = json.loads(text)
    except ValueError as error:
        if snmp.recognises(text):
            return snmp.read(text, name)
        raise _unknown(path, f"is no JSON ({error}) and no walk that is known") from error
    for recognises, read in _JSON:
        if recognises(document):
            return read(document, name)
    raise _unknown(path, "is JSON of no form that is known")


def _unreadable(path: Path, error: OSError) -> InventoryError:
    return InventoryError(
        f"{path} cannot be read: {error.strerror}",
        next_step="topology.inventory in the settings, or --inventory, names it",
    )


def _unknown(path: Path, why: str) -> InventoryError:
    return InventoryError(
        f"{path} {why}",
        unaffected="no other file is at fault",
        next_step="known are lldpctl -f json, NetBox's devices, cables, interfaces and prefixes, "
        "kubectl get -o json, and snmpwalk -On of the LLDP-MIB, ifName and ifDescr",
    )
