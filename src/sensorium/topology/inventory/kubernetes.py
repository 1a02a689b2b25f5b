"""``kubectl get nodes,pods,services,endpointslices -A -o json``: what runs where, and for whom.

Lists of the API itself are read too, whose items do not say of what kind they are, and Endpoints,
which tell of the same as EndpointSlices.

A pod is a device on its node. A service's addresses stand for the pods that are ready behind it.
A cluster's name for a thing is ``kind/namespace/name``, and a node's its name alone.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sensorium.topology.inventory.model import (
    DamagedError,
    Device,
    DeviceKind,
    Inventory,
    Service,
)

_OWNER = "kubernetes.io/service-name"
_OVER = frozenset({"Succeeded", "Failed"})
_NAMED = frozenset({"Node", "Pod", "Service"})


def recognises(document: Any) -> bool:
    """Whether a JSON document is kubectl's, of one object or of a list."""
    return isinstance(document, dict) and "apiVersion" in document and "kind" in document


def read(document: Any, _name: str) -> Inventory:
    """Nodes, pods and services; the name of the file does not matter.

    DamagedError where the cluster answered that it would not answer.
    """
    whole = _word(document, "kind")
    if whole == "Status":
        why = _word(document, "message") or "no reason given"
        raise DamagedError(
            f"is a refusal of the Kubernetes API: {why}",
            "ask again as somebody who may list nodes, pods, services and endpointslices",
        )
    items = _listed(document, "items") if whole.endswith("List") else [document]
    of_kind = whole.removesuffix("List")
    devices: dict[str, Device] = {}
    addresses: dict[str, tuple[str, ...]] = {}
    backends: dict[str, set[str]] = defaultdict(set)
    left_out: dict[str, int] = defaultdict(int)
    for item in items:
        kind, name = _word(item, "kind") or of_kind, _word(_part(item, "metadata"), "name")
        if kind in _NAMED and not name:
            left_out[f"kubernetes objects of kind {kind} without a name"] += 1
        elif kind == "Node":
            device = _node(item)
            devices[device.name] = device
        elif kind == "Pod" and _word(_part(item, "status"), "phase") not in _OVER:
            device = _pod(item)
            devices[device.name] = device
        elif kind == "Service":
            addresses[_key(item)] = _cluster_addresses(item)
        elif kind == "EndpointSlice":
            owner = _word(_part(_part(item, "metadata"), "labels"), _OWNER)
            backends[f"{_namespace(item)}/{owner}"] |= _ready(item)
        elif kind == "Endpoints":
            backends[_key(item)] |= _ready_addresses(item)
        else:
            unused = f"kubernetes objects of kind {kind or 'unknown'}"
            left_out["pods over" if kind == "Pod" else unused] += 1
    if _word(_part(document, "metadata"), "continue"):
        left = _part(document, "metadata").get("remainingItemCount")
        left_out[f"kubernetes objects of kind {of_kind} on later pages"] += (
            left if isinstance(left, int) and left > 0 else 1
        )
    services = tuple(
        Service(f"service/{key}", found, tuple(sorted(backends.get(key, ()))))
        for key, found in sorted(addresses.items())
        if found
    )
    return Inventory(devices, (), services, dict(left_out))


def _part(item: Any, key: str) -> dict[str, Any]:
    part = item.get(key) if isinstance(item, dict) else None
    return part if isinstance(part, dict) else {}


def _word(item: Any, key: str) -> str:
    found = item.get(key) if isinstance(item, dict) else None
    return found if isinstance(found, str) else ""


def _listed(item: Any, key: str) -> list[Any]:
    found = item.get(key) if isinstance(item, dict) else None
    return found if isinstance(found, list) else []


def _namespace(item: dict[str, Any]) -> str:
    return _word(_part(item, "metadata"), "namespace") or "default"


def _key(item: dict[str, Any]) -> str:
    return f"{_namespace(item)}/{_word(_part(item, 'metadata'), 'name')}"


def _node(item: dict[str, Any]) -> Device:
    metadata = _part(item, "metadata")
    kinds = {"InternalIP", "ExternalIP"}
    listed = _listed(_part(item, "status"), "addresses")
    found = {_word(a, "address") for a in listed if _word(a, "type") in kinds}
    zone = _word(_part(metadata, "labels"), "topology.kubernetes.io/zone")
    name = _word(metadata, "name").lower()
    return Device(name, DeviceKind.HOST, tuple(sorted(filter(None, found))), zone)


def _pod(item: dict[str, Any]) -> Device:
    status, spec = _part(item, "status"), _part(item, "spec")
    node = _word(spec, "nodeName").lower()
    found = {*(_word(a, "ip") for a in _listed(status, "podIPs")), _word(status, "podIP")}
    if spec.get("hostNetwork") is True:
        found = set()  # its address is its node's
    return Device(f"pod/{_key(item)}", DeviceKind.POD, tuple(sorted(filter(None, found))), "", node)


def _cluster_addresses(item: dict[str, Any]) -> tuple[str, ...]:
    spec = _part(item, "spec")
    listed = _listed(spec, "clusterIPs") or [spec.get("clusterIP")]
    balancers = _listed(_part(_part(item, "status"), "loadBalancer"), "ingress")
    outside = [_word(one, "ip") for one in balancers] + _listed(spec, "externalIPs")
    found = {a for a in (*listed, *outside) if isinstance(a, str) and a not in {"", "None"}}
    return tuple(sorted(found))


def _ready(item: dict[str, Any]) -> set[str]:
    found = set()
    for endpoint in _listed(item, "endpoints"):
        if _part(endpoint, "conditions").get("ready") is False:
            continue
        found |= _pod_behind(endpoint, item)
    return found


def _ready_addresses(item: dict[str, Any]) -> set[str]:
    """The pods of Endpoints: those that are not ready stand under ``notReadyAddresses``."""
    addresses = (a for part in _listed(item, "subsets") for a in _listed(part, "addresses"))
    return {name for address in addresses for name in _pod_behind(address, item)}


def _pod_behind(endpoint: Any, item: dict[str, Any]) -> set[str]:
    target = _part(endpoint, "targetRef")
    if _word(target, "kind") != "Pod":
        return set()
    return {f"pod/{_word(target, 'namespace') or _namespace(item)}/{_word(target, 'name')}"}
