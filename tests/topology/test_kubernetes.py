from __future__ import annotations

from typing import Any

from sensorium.topology.inventory import kubernetes

POD = {
    "metadata": {"name": "x", "namespace": "a"},
    "spec": {"nodeName": "node-1"},
    "status": {"phase": "Running", "podIPs": [{"ip": "10.4.0.1"}, {"ip": "fd00:4::1"}]},
}


def listed(kind: str, *items: Any, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "items": list(items), "metadata": metadata}


def test_a_list_of_the_api_says_of_what_kind_its_items_are() -> None:
    found = kubernetes.read(listed("PodList", POD), "")
    assert found.devices["pod/a/x"].addresses == ("10.4.0.1", "fd00:4::1")
    assert not found.left_out


def test_a_list_that_goes_on_is_counted() -> None:
    more = listed("PodList", POD, **{"continue": "token", "remainingItemCount": 40})
    found = kubernetes.read(more, "")
    assert found.left_out == {"kubernetes objects of kind Pod on later pages": 40}


def test_endpoints_tell_who_stands_behind_a_service() -> None:
    def address(name: str) -> dict[str, Any]:
        return {"ip": "10.4.0.1", "targetRef": {"kind": "Pod", "namespace": "a", "name": name}}

    name = {"name": "shop", "namespace": "a"}
    spec = {"clusterIP": "10.96.0.7", "externalIPs": ["10.7.7.7"]}
    found = kubernetes.read(
        listed(
            "List",
            {"kind": "Service", "metadata": name, "spec": spec},
            {"kind": "Service", "metadata": {"name": "db"}, "spec": {"clusterIP": "None"}},
            {
                "kind": "Endpoints",
                "metadata": name,
                "subsets": [{"addresses": [address("x")], "notReadyAddresses": [address("y")]}],
            },
        ),
        "",
    )
    (service,) = found.services
    assert service.addresses == ("10.7.7.7", "10.96.0.7")
    assert service.backends == ("pod/a/x",)
