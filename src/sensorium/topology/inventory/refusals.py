"""Files that are known and not read: what they are, and what to export in their place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

_LLDPCTL: Final = "export it with: lldpctl -f json > HOST.json"
_SHOW: Final = (
    "save the JSON of NAPALM's get_lldp_neighbors_detail, of Ansible's facts, of ntc-templates, "
    "or of `| json` (NX-OS, EOS), or walk the LLDP-MIB: snmpwalk -v2c -On ... 1.0.8802.1.1.2"
)
_NETBOX: Final = (
    "save NetBox's REST answers: /api/dcim/devices/, cables/ and interfaces/, /api/ipam/prefixes/ "
    "and ip-addresses/, /api/virtualization/virtual-machines/, each with ?limit=0"
)
_KUBECTL: Final = "export it with: kubectl get nodes,pods,services,endpointslices -A -o json"

_TEXTS: Final = (
    (r"lldp\.\S+\.(?:via|rid|chassis|port)\S*=", "is lldpctl's keyvalue form", _LLDPCTL),
    (r"<lldp[\s>]", "is lldpctl's xml form", _LLDPCTL),
    (r"LLDP neighbors:\s*$", "is what lldpctl prints for people", _LLDPCTL),
    (r"apiVersion: ", "is YAML of Kubernetes", _KUBECTL),
    (r"NAME +(?:READY|STATUS|TYPE) ", "is what kubectl prints for people", _KUBECTL),
    (r"(?:Local (?:Intf|Port id)|Chassis id): ", "is what `show lldp neighbors` prints", _SHOW),
    (r"Device ID\s*:", "is what `show cdp neighbors` prints", _SHOW),
    (r"Capability [Cc]odes:", "is what `show lldp neighbors` or `show cdp` prints", _SHOW),
    (r"Local Interface +Parent Interface ", "is what `show lldp neighbors` prints", _SHOW),
    (r"<rpc-reply|<\?xml", "is XML", _SHOW),
    (r"\"?(?:id,|ID,)?\"?(?:name|Name|label|Label)\"?,", "is a table of NetBox's as CSV", _NETBOX),
)
_PATTERNS: Final = tuple(
    (re.compile(rf"^\s*(?:{pattern})", re.M), what, instead) for pattern, what, instead in _TEXTS
)
_Known = tuple[Callable[[dict[str, Any]], object], str, str]
_OBJECTS: Final[tuple[_Known, ...]] = (
    (lambda d: set(d) == {"detail"}, "is a refusal of NetBox: {detail}", _NETBOX),
    (lambda d: isinstance(d.get("data"), dict), "is an answer over GraphQL", _NETBOX),
    (lambda d: isinstance(d.get("results"), list), "is NetBox's answer about {about}", _NETBOX),
    (lambda d: "ansible_facts" in d, "is Ansible's facts of no network device", _LLDPCTL),
)


def refusal_of_text(text: str) -> tuple[str, str] | None:
    """What a text is that is not read, and what to export instead; None where it is not known."""
    for pattern, what, instead in _PATTERNS:
        if pattern.search(text):
            return what, instead
    return None


def refusal_of_document(document: Any) -> tuple[str, str] | None:
    """As :func:`refusal_of_text`, for a JSON document."""
    if not isinstance(document, dict):
        return None
    for is_one, what, instead in _OBJECTS:
        if is_one(document):
            detail = str(document.get("detail"))[:200]
            return what.format(detail=detail, about=_about(document)), instead
    return None


def _about(document: dict[str, Any]) -> str:
    """``dcim/sites`` of the address of the first entry, else that it is not known."""
    first = document["results"][0] if document.get("results") else {}
    url = first.get("url") if isinstance(first, dict) else None
    found = re.search(r"/api/([\w-]+/[\w-]+)/", url) if isinstance(url, str) else None
    return found[1] if found else "what tells of no link"
