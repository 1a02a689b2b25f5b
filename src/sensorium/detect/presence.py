"""Who was present in a window, for each kind whose silence is watched."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sensorium.detect.arrays import I64, U8
from sensorium.detect.detectors.silence import Present, Watch
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.kernels.relations import ANSWERED
from sensorium.detect.keys import combine
from sensorium.detect.metrics.registry import host_of, series_text
from sensorium.detect.protocol import Window
from sensorium.detect.wording import ports
from sensorium.model.address import unpack_address

_AT: np.dtype[Any] = np.dtype([("address", np.uint8, 16), ("number", np.int64)])
"""An address, and what of it: nothing, an interface, or a port with its protocol."""
_TEXT: np.dtype[Any] = np.dtype(object)


def _marks(addresses: U8, number: I64 | int = 0) -> npt.NDArray[Any]:
    marks = np.empty(len(addresses), _AT)
    marks["address"], marks["number"] = addresses, number
    return marks


def _nobody(marks: np.dtype[Any] = _AT) -> Present:
    return Present(np.empty(0, np.uint64), np.empty(0, marks))


def _addresses(flows: FlowWindow, who: I64) -> Present:
    addresses = flows.addresses
    return Present(addresses.keys[who], _marks(addresses.packed[who]))


def _exporters(window: Window) -> Present:
    """Exporters that sent a flow record."""
    if window.flows is None:
        return _nobody()
    flows = window.flows
    sent = np.bincount(flows.records.exporter, minlength=len(flows.addresses.keys))
    return _addresses(flows, np.flatnonzero(sent))


def _hosts(window: Window) -> Present:
    """Hosts that sent a packet in some conversation."""
    if window.flows is None:
        return _nobody()
    addresses, talks = window.flows.addresses, window.flows.conversations
    spoke = np.zeros(len(addresses.keys), np.bool_)
    spoke[talks.client[talks.packets_up > 0]] = True
    spoke[talks.server[talks.packets_down > 0]] = True
    return _addresses(window.flows, np.flatnonzero(spoke & ~addresses.group))


def _interfaces(window: Window) -> Present:
    """Interfaces named by a flow record."""
    if window.flows is None:
        return _nobody()
    flows, seen = window.flows, window.flows.interfaces
    return Present(seen.keys, _marks(flows.addresses.packed[seen.exporter], seen.index))


def _services(window: Window) -> Present:
    """Services that answered somebody."""
    if window.flows is None:
        return _nobody()
    flows, talks = window.flows, window.flows.conversations
    talk = flows.services.talk
    answered = (flows.services.sums[:, ANSWERED] > 0) & (talks.port[talk] > 0)
    at = talk[answered]
    addresses = flows.addresses.packed[talks.server[at]]
    marks = _marks(addresses, (talks.port[at] << 16) | talks.proto[at])
    return Present(flows.services.keys[answered], marks)


def _log_senders(window: Window) -> Present:
    """Addresses that sent a log line."""
    if window.logs is None:
        return _nobody()
    addresses = window.logs.addresses
    return Present(addresses.keys, _marks(addresses.packed))


def _scrape_targets(window: Window) -> Present:
    """Instances that answered a scrape."""
    if window.metrics is None:
        return _nobody(_TEXT)
    targets = window.metrics.targets
    return Present(targets.keys, np.array(targets.instances, _TEXT))


def _metrics(window: Window) -> Present:
    """Metrics of an instance, of which any series has a value, whatever labels come and go."""
    metrics = window.metrics
    if metrics is None:
        return _nobody(_TEXT)
    at = np.flatnonzero(metrics.target > 0)
    keys, first = np.unique(combine(metrics.families[at], metrics.target[at]), return_index=True)
    at = at[first]
    place = np.searchsorted(metrics.targets.keys, metrics.target[at])
    instances = [metrics.targets.instances[row] for row in place.tolist()]
    marks = np.empty(len(at), _TEXT)
    marks[:] = [
        f"{instance} {metrics.series[row].name}"
        for row, instance in zip(at.tolist(), instances, strict=True)
    ]
    return Present(keys, marks)


def _address(mark: Any) -> tuple[str, str]:
    text = unpack_address(mark["address"].tobytes())
    return text, text


def _interface(mark: Any) -> tuple[str, str]:
    host, _ = _address(mark)
    return f"{host}#{mark['number']}", host


def _service(mark: Any) -> tuple[str, str]:
    host, _ = _address(mark)
    port, proto = divmod(int(mark["number"]), 1 << 16)
    return f"{host}:{ports(port, proto)}", host


def _target(mark: Any) -> tuple[str, str]:
    return mark, host_of(mark)


def _metric(mark: Any) -> tuple[str, str]:
    instance, _, name = mark.rpartition(" ")
    return series_text(name, {"instance": instance}), host_of(instance)


EXPORTERS = Watch(_exporters, _AT, _address)
HOSTS = Watch(_hosts, _AT, _address)
INTERFACES = Watch(_interfaces, _AT, _interface)
SERVICES = Watch(_services, _AT, _service)
LOG_SENDERS = Watch(_log_senders, _AT, _address)
SCRAPE_TARGETS = Watch(_scrape_targets, _TEXT, _target)
METRICS = Watch(_metrics, _TEXT, _metric)
