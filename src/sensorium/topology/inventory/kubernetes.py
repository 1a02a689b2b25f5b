"""``kubectl get nodes,pods,services,endpointslices -A -o json``: what runs where, and for whom.

A pod is a device on its node. A service's addresses stand for the pods that are ready behind it.
A cluster's name for a thing is ``kind/namespace/name``, and a node's its name alone.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sensorium.topology.inventory.model import Device, DeviceKind, Inventory, Service

_OWNER = "kubernetes.io/service-name"
_OVER = frozenset({"Succeeded", "Failed"})


def recognises(document: Any) -> bool:
    """Whether a JSON document is kubectl's, of one object or of a list."""
    return isinstance(document, dict) and "apiVersion" in document and "kind" in document


def read(document: Any, _name: str) -> Inventory:
    """Nodes, pods and services; the name of the file does not matter."""
    items = document.get("items") if document.get("kind", "").endswith("List") else [document]
    devices: dict[str, Device] = {}
    addresses: dict[str, tuple[str, ...]] = {}
    backends: dict[str, set[str]] = defaultdict(set)
    left_out: dict[str, int] = defaultdict(int)
    for item in items if isinstance(items, list) else ():
        kind = item.get("kind") if isinstance(item, dict) else None
        if kind == "Node":
            device = _node(item)
            devices[device.name] = device
        elif kind == "Pod" and _part(item, "status").get("phase") not in _OVER:
            device = _pod(item)
            devices[device.name] = device
        elif kind == "Service":
            addresses[_key(item)] = _cluster_addresses(item)
        elif kind == "EndpointSlice":
            owner = _part(_part(item, "metadata"), "labels").get(_OWNER, "")
            backends[f"{_namespace(item)}/{owner}"] |= _ready(item)
        else:
            left_out[f"kubernetes objects of kind {kind}" if kind != "Pod" else "pods over"] += 1
    services = tuple(
        Service(f"service/{key}", found, tuple(sorted(backends.get(key, ()))))
        for key, found in sorted(addresses.items())
        if found
    )
    return Inventory(devices, (), services, dict(left_out))


def _part(item: Any, key: str) -> dict[str, Any]:
    part = item.get(key) if isinstance(item, dict) else None
    return part if isinstance(part, dict) else {}


def _namespace(item: dict[str, Any]) -> str:
    return str(_part(item, "metadata").get("namespace", "default"))


def _key(item: dict[str, Any]) -> str:
    return f"{_namespace(item)}/{_part(item, 'metadata').get('name', '')}"


def _node(item: dict[str, Any]) -> Device:
    name = str(_part(item, "metadata").get("name", "")).lower()
    listed = _part(item, "status").get("addresses") or ()
    kinds = {"InternalIP", "ExternalIP"}
    found = {a.get("address", "") for a in listed if isinstance(a, dict) and a.get("type") in kinds}
    zone = _part(_part(item, "metadata"), "labels").get("topology.kubernetes.io/zone", "")
    return Device(name, DeviceKind.HOST, tuple(sorted(filter(None, found))), str(zone))


def _pod(item: dict[str, Any]) -> Device:
    status, spec = _part(item, "status"), _part(item, "spec")
    node = str(spec.get("nodeName", "")).lower()
    listed = [a.get("ip", "") for a in status.get("podIPs") or () if isinstance(a, dict)]
    found = {*listed, str(status.get("podIP") or "")}
    if spec.get("hostNetwork") is True:
        found = set()  # its address is its node's
    return Device(f"pod/{_key(item)}", DeviceKind.POD, tuple(sorted(filter(None, found))), "", node)


def _cluster_addresses(item: dict[str, Any]) -> tuple[str, ...]:
    spec = _part(item, "spec")
    listed = spec.get("clusterIPs") or [spec.get("clusterIP")]
    balancer = _part(_part(item, "status"), "loadBalancer").get("ingress") or ()
    outside = [b.get("ip") for b in balancer if isinstance(b, dict)]
    found = {str(a) for a in (*listed, *outside) if a and a != "None"}
    return tuple(sorted(found))


def _ready(item: dict[str, Any]) -> set[str]:
    found = set()
    for endpoint in item.get("endpoints") or ():
        if _part(endpoint, "conditions").get("ready") is False:
            continue
        target = _part(endpoint, "targetRef")
        if target.get("kind") == "Pod":
            found.add(f"pod/{target.get('namespace', _namespace(item))}/{target.get('name', '')}")
    return found
