"""Files in, one inventory out; each file's format is known by what is in it."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sensorium.errors import UsageError
from sensorium.topology.inventory import (
    ansible,
    eos,
    junos,
    kubernetes,
    lldp,
    napalm,
    netbox,
    nxos,
    snmp,
    textfsm,
)
from sensorium.topology.inventory.joining import together
from sensorium.topology.inventory.model import DamagedError, Inventory
from sensorium.topology.inventory.refusals import refusal_of_document, refusal_of_text

_Form = tuple[Callable[[Any], bool], Callable[[Any, str], Inventory]]
_JSON: tuple[_Form, ...] = tuple(
    (form.recognises, form.read)
    for form in (lldp, kubernetes, netbox, eos, junos, nxos, ansible, napalm, textfsm)
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class InventoryError(UsageError):
    """A file that should say what exists cannot be read."""


def read_inventory(paths: Iterable[Path]) -> Inventory:
    """What the files say together; of a folder, all its files in the order of their names."""
    return together(_read(path) for given in paths for path in inventory_files(given))


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
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error
    name = path.name.lower().removesuffix(".json").removesuffix(".txt").removesuffix(".lldp")
    try:
        return _inventory(path, text, name)
    except DamagedError as error:
        raise _refused(path, str(error), error.next_step) from error


def _decoded(said: bytes) -> str:
    """The text; a Windows shell writes UTF-16, and both it and editors a mark before UTF-8."""
    coding = next((coding for mark, coding in _MARKS if said.startswith(mark)), "utf-8")
    return said.decode(coding, errors="replace")


def _inventory(path: Path, text: str, name: str) -> Inventory:
    if not text.strip():
        raise _refused(path, "is empty", "save it anew, or take it away")
    try:
        document = json.loads(text)
    except ValueError as error:
        if snmp.recognises(text):
            return snmp.read(text, name)
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            why = f"holds several documents: another begins in line {error.lineno}"
            raise _refused(path, why, "save each in a file of its own") from error
        refusal = None if text.lstrip().startswith(("{", "[")) else refusal_of_text(text)
        if refusal is not None:
            raise _refused(path, *refusal) from error
        raise _unknown(path, f"is no JSON ({error}) and no walk that is known") from error
    for recognises, read in _JSON:
        if recognises(document):
            return read(document, name)
    refusal = refusal_of_document(document)
    if refusal is not None:
        raise _refused(path, *refusal)
    raise _unknown(path, "is JSON of no form that is known")


def _unreadable(path: Path, error: OSError) -> InventoryError:
    return InventoryError(
        f"{path} cannot be read: {error.strerror}",
        next_step="topology.inventory in the settings, or --inventory, names it",
    )


def _refused(path: Path, why: str, next_step: str) -> InventoryError:
    return InventoryError(
        f"{path} {why}", unaffected="no other file is at fault", next_step=next_step
    )


def _unknown(path: Path, why: str) -> InventoryError:
    return _refused(
        path,
        why,
        "known are lldpctl -f json, NetBox's devices, cables, interfaces, addresses, prefixes and "
        "virtual machines, kubectl get -o json, neighbours of NAPALM, Ansible, ntc-templates, "
        "NX-OS, EOS and Junos as JSON, and snmpwalk -On of the LLDP-MIB, CDP, ifName and ifDescr",
    )
