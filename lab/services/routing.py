"""FRR: OSPF between the two routers, and ifplugd, which logs when a cable comes or goes."""

from __future__ import annotations

from lab.machine import Machine
from lab.site import Host, Role, Site
from lab.wiring import ROUTER_PORTS

_DAEMONS = "/usr/lib/frr"

_COMMON = "hostname {name}\nlog syslog informational\n"
_OSPF = """\
interface {port}
 ip ospf hello-interval 2
 ip ospf dead-interval 8
 ip ospf network point-to-point
!
router ospf
 ospf router-id {router_id}
 log-adjacency-changes detail
 {role}
 network {link} area 0
"""


def start(machine: Machine, host: Host, site: Site) -> None:
    """Start zebra, ospfd and ifplugd on a router."""
    if host.role is Role.EDGE:
        port, router_id = "ge1", site.edge_link
        role = "default-information originate always"
    else:
        port, router_id = "ge0", site.core_link
        role = "redistribute connected"
    common = _COMMON.format(name=host.name)
    machine.put("/etc/frr/zebra.conf", common, 0o640, "frr:frr")
    machine.put(
        "/etc/frr/ospfd.conf",
        common + _OSPF.format(port=port, router_id=router_id, role=role, link=site.link),
        0o640,
        "frr:frr",
    )
    machine.run("install", "-d", "-o", "frr", "-g", "frr", "/run/frr", "/var/tmp/frr")
    for daemon in ("zebra", "ospfd"):
        machine.spawn(
            daemon, f"{_DAEMONS}/{daemon}", "-f", f"/etc/frr/{daemon}.conf",
            "-i", f"/run/frr/{daemon}.pid", "-A", "127.0.0.1",
        )  # fmt: skip
        machine.run("sleep", "0.3")
    machine.put("/etc/ifplugd/ifplugd.action", "#!/bin/sh\nexit 0\n", 0o755)
    for watched in ROUTER_PORTS[host.role]:
        # As a daemon it logs to syslog; in the foreground it would not.
        machine.run(
            "ifplugd", "-i", watched, "-a", "-b", "-I", "-q",
            "-m", "iff", "-t", "1", "-u", "0", "-d", "0",
        )  # fmt: skip
