"""Who was present in a window, for each kind whose silence is watched."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I64, U64
from sensorium.detect.detectors.silence import Present
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.groups import Groups
from sensorium.detect.protocol import Window
from sensorium.detect.wording import ports


def _nobody() -> Present:
    return Present(np.empty(0, np.uint64), str, str)


def _addresses(flows: FlowWindow, who: I64) -> Present:
    def text(place: int) -> str:
        return flows.addresses.text(int(who[place]))

    return Present(flows.addresses.keys[who], text, text)


def exporters(window: Window) -> Present:
    """Exporters that sent a flow record."""
    if window.flows is None:
        return _nobody()
    flows = window.flows
    sent = np.bincount(flows.records.exporter, minlength=len(flows.addresses.keys))
    return _addresses(flows, np.flatnonzero(sent))


def hosts(window: Window) -> Present:
    """Hosts that sent a packet in some conversation."""
    if window.flows is None:
        return _nobody()
    addresses, talks = window.flows.addresses, window.flows.conversations
    spoke = np.zeros(len(addresses.keys), np.bool_)
    spoke[talks.client[talks.packets_up > 0]] = True
    spoke[talks.server[talks.packets_down > 0]] = True
    return _addresses(window.flows, np.flatnonzero(spoke & ~addresses.group))


def interfaces(window: Window) -> Present:
    """Interfaces named by a flow record."""
    if window.flows is None:
        return _nobody()
    flows, seen = window.flows, window.flows.interfaces

    def host(place: int) -> str:
        return flows.addresses.text(int(seen.exporter[place]))

    return Present(seen.keys, lambda place: f"{host(place)}#{seen.index[place]}", host)


def services(window: Window) -> Present:
    """Services that answered somebody."""
    if window.flows is None:
        return _nobody()
    flows, talks = window.flows, window.flows.conversations
    answered = np.flatnonzero(talks.answered & (talks.port > 0))
    keys: U64 = talks.service[answered]
    groups = Groups.of(keys)
    at = answered[groups.order[groups.starts]]

    def host(place: int) -> str:
        return flows.addresses.text(int(talks.server[at[place]]))

    def name(place: int) -> str:
        return f"{host(place)}:{ports(int(talks.port[at[place]]), int(talks.proto[at[place]]))}"

    return Present(groups.keys, name, host)


def log_senders(window: Window) -> Present:
    """Addresses that sent a log line."""
    if window.logs is None:
        return _nobody()
    logs = window.logs
    return Present(logs.addresses.keys, logs.addresses.text, logs.addresses.text)


def scrape_targets(window: Window) -> Present:
    """Instances that answered a scrape."""
    if window.metrics is None:
        return _nobody()
    targets = window.metrics.targets
    return Present(targets.keys, targets.instance, targets.host)
