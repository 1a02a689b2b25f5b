"""Bring a site to ordinary life: every service on its host, and people at their computers."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from pathlib import Path

from lab.recorder import Target
from lab.services import database, flows, http, metrics, names, routing, shop, ssh, syslog
from lab.site import ROUTERS, Host, Role, Site
from lab.wiring import Network

FIRST_VERSION = "2.2.4"
_SOFTWARE = Path(__file__).parent / "software"


def start_services(network: Network, work: Path) -> None:
    """Start everything but cron, flow export and people; ``work`` holds what is made for it."""
    site = network.site
    collector = site.one(Role.MONITOR).address
    operator = ssh.KeyPair.make(work, "operator")
    host_key = ssh.KeyPair.make(work, "host")
    capture = flows.build(work)
    for host in site.monitored:
        machine = network[host]
        syslog.start(machine, host, collector)
        metrics.start(machine)
        ssh.client(machine)
        if host.role is not Role.USER:
            ssh.account(machine, ssh.OPERATOR, f"{host.name}-{site.seed}-x9", operator)
            ssh.start(machine, host_key)
        if host.role in ROUTERS:
            routing.start(machine, host, site)
            flows.install(machine, capture)
    for role in (Role.BASTION, Role.FILES, Role.DB):
        ssh.identity(network[site.one(role)], "root", operator)
    names.start(network[site.one(Role.DNS)], site)
    for host in site.all(Role.INTERNET):
        http.start_website(network[host])
    http.start_file_share(network[site.one(Role.FILES)], documents=20)
    _start_shop(network, site)


def _start_shop(network: Network, site: Site) -> None:
    web, app, db = (site.one(r) for r in (Role.WEB, Role.APP, Role.DB))
    database.prepare(network[db], app.address, str(site.segment("servers").network))
    shop.install(network[app], FIRST_VERSION)
    shop.start(network[app], db.address)
    if not shop.wait_until_up(network[app]):
        raise RuntimeError("the shop did not start; its log is in the lab's log folder")
    http.start_shop_front(network[web], app.address)


def start_flow_export(network: Network) -> None:
    """Start the exporters on both routers."""
    collector = network.site.one(Role.MONITOR).address
    for role in ROUTERS:
        host = network.site.one(role)
        flows.start(network[host], host, network.site, collector)


def start_people(network: Network) -> None:
    """Sit people at the workstations, and an administrator at the bastion."""
    site = network.site
    rng = random.Random(f"people-{site.seed}")
    servers = [h.name for h in site.servers]
    common = {
        "web": site.one(Role.WEB).name,
        "files": site.one(Role.FILES).name,
        "sites": [name for name, _ in site.websites],
        "servers": servers,
    }
    pace = rng.uniform(0.9, 1.2)
    for host in (*site.all(Role.USER), site.one(Role.BASTION)):
        admin = host.role is Role.BASTION
        settings = {
            **common,
            "seed": f"{site.seed}-{host.name}",
            "kind": "admin" if admin else "user",
            "pace": pace,
            "people": 2 if admin else rng.randint(2, 4),
        }
        _sit_down(network, host, settings)


def _sit_down(network: Network, host: Host, settings: dict[str, object]) -> None:
    machine = network[host]
    machine.put("/opt/person.py", (_SOFTWARE / "person.py").read_bytes(), 0o755)
    machine.spawn("person", "/usr/bin/python3", "/opt/person.py", json.dumps(settings))


def targets(site: Site) -> list[dict[str, str]]:
    """Everything to scrape: each monitored host, and the shop's own metrics."""
    found = [Target("node", f"{h.address}:{metrics.PORT}") for h in site.monitored]
    found.append(Target("shop", f"{site.one(Role.APP).address}:{shop.PORT}"))
    return [asdict(t) for t in found]
