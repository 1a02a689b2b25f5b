"""Cables, addresses and routes: turn a site into connected machines."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lab.machine import Machine
from lab.site import ROUTERS, Host, Role, Site

SWITCHES = ("users", "servers", "management", "link", "internet")

# Which port of each router goes to which segment. A router's flow exporter watches every port.
CORE_PORTS = {"ge0": "link", "ge1": "users", "ge2": "servers", "ge3": "management"}
EDGE_PORTS = {"ge0": "internet", "ge1": "link", "mgmt0": "management"}
ROUTER_PORTS = {Role.CORE: CORE_PORTS, Role.EDGE: EDGE_PORTS}


class Network:
    """All machines of a running site, by host name, and the fabric of switches between them."""

    def __init__(self, site: Site, machines: dict[str, Machine], fabric: Machine) -> None:
        self.site = site
        self.machines = machines
        self.fabric = fabric

    def __getitem__(self, host: Host | str) -> Machine:
        return self.machines[host if isinstance(host, str) else host.name]

    def fabric_ports(self, segment: str) -> list[str]:
        """The fabric's ports that lead to routers on that segment."""
        ports = []
        for role, table in ROUTER_PORTS.items():
            ports += [f"{role.value[0]}-{port}" for port, to in table.items() if to == segment]
        return ports

    def set_link(self, segment: str, up: bool) -> None:
        """Pull or plug the routers' cables to a segment; both ends lose the carrier."""
        for port in self.fabric_ports(segment):
            self.fabric.run("ip", "link", "set", port, "up" if up else "down")

    def halt(self) -> None:
        """End every machine."""
        for machine in [*self.machines.values(), self.fabric]:
            machine.halt()


def boot(site: Site, logs: Path) -> Network:
    """Start all machines of a site and connect them. On an error, nothing is left running."""
    started: dict[str, Machine] = {}
    try:
        fabric = started["-fabric"] = Machine.boot("fabric", logs)
        for host in site.hosts:
            started[host.name] = Machine.boot(host.name, logs)
        machines = {n: m for n, m in started.items() if n != "-fabric"}
        network = Network(site, machines, fabric)
        for switch in SWITCHES:
            fabric.run("ip", "link", "add", f"br-{switch}", "type", "bridge")
            fabric.run("ip", "link", "set", f"br-{switch}", "up")
        for number, host in enumerate(site.hosts):
            _connect(network, number, host)
    except BaseException:
        for machine in started.values():
            machine.halt()
        raise
    return network


def _cable(network: Network, machine: Machine, port: str, far_port: str, segment: str) -> None:
    subprocess.run(
        [
            *("ip", "link", "add", "name", port, "netns", str(machine.pid), "type", "veth"),
            *("peer", "name", far_port, "netns", str(network.fabric.pid)),
        ],
        check=True,
    )
    network.fabric.run("ip", "link", "set", far_port, "master", f"br-{segment}", "up")
    machine.run("ip", "link", "set", port, "up")


def _connect(network: Network, number: int, host: Host) -> None:
    machine = network[host]
    _quieten(machine)
    if host.role in ROUTERS:
        for port, segment in ROUTER_PORTS[host.role].items():
            _cable(network, machine, port, f"{host.role.value[0]}-{port}", segment)
        _address_router(network.site, machine, host)
    else:
        _cable(network, machine, "eth0", f"h{number}", host.segment)
        _address_host(network.site, machine, host)
    _names(network.site, machine, host)


def _quieten(machine: Machine) -> None:
    # IPv6 neighbour discovery would add flows that no one asked about.
    settings = {
        "net.ipv6.conf.all.disable_ipv6": 1,
        "net.ipv6.conf.default.disable_ipv6": 1,
        "net.ipv4.conf.all.send_redirects": 0,
        "net.ipv4.conf.default.send_redirects": 0,
        "net.ipv4.conf.all.rp_filter": 0,
        "net.ipv4.conf.default.rp_filter": 0,
    }
    for key, value in settings.items():
        machine.run("sysctl", "-qw", f"{key}={value}", check=False)


def _address_router(site: Site, machine: Machine, host: Host) -> None:
    def give(port: str, address: str, length: int) -> None:
        machine.run("ip", "address", "add", f"{address}/{length}", "dev", port)

    machine.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    management = site.segment("management").network
    if host.role is Role.CORE:
        give("ge0", site.core_link, site.link.prefixlen)
        for port, name in (("ge1", "users"), ("ge2", "servers"), ("ge3", "management")):
            segment = site.segment(name)
            give(port, segment.gateway, segment.network.prefixlen)
    else:
        internet = site.segment("internet")
        give("ge0", internet.gateway, internet.network.prefixlen)
        give("ge1", site.edge_link, site.link.prefixlen)
        give("mgmt0", host.address, management.prefixlen)
        for far in ("203.0.113.0/24", "192.0.2.0/24"):
            machine.run("ip", "route", "add", far, "via", site.all(Role.INTERNET)[1].address)


def _address_host(site: Site, machine: Machine, host: Host) -> None:
    segment = site.segment(host.segment)
    # A server holds its address alone (/32) and knows only the router, so that what one server
    # says to another crosses the router and its flow exporter too.
    length = 32 if host.segment == "servers" else segment.network.prefixlen
    machine.run("ip", "address", "add", f"{host.address}/{length}", "dev", "eth0")
    for alias in host.aliases:
        machine.run("ip", "address", "add", f"{alias}/32", "dev", "eth0")
    if length == 32:
        machine.run("ip", "route", "add", segment.gateway, "dev", "eth0", "scope", "link")
    machine.run("ip", "route", "add", "default", "via", segment.gateway)
    if host is site.all(Role.INTERNET)[1]:
        machine.run("ip", "address", "add", f"{site.dropbox}/32", "dev", "eth0")


def _names(site: Site, machine: Machine, host: Host) -> None:
    machine.put("/etc/hostname", host.name + "\n")
    machine.put(
        "/etc/hosts",
        f"127.0.0.1 localhost\n{host.address} {host.name}.{site.domain} {host.name}\n",
    )
    machine.put(
        "/etc/resolv.conf",
        f"search {site.domain}\nnameserver {site.one(Role.DNS).address}\n"
        "options timeout:2 attempts:2\n",
    )
