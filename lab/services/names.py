"""dnsmasq: the site's own names, and the internet's."""

from __future__ import annotations

from lab.machine import Machine
from lab.site import Site


def start(machine: Machine, site: Site) -> None:
    """Serve the names of every host and website; anything else does not exist."""
    lines = [
        "port=53",
        "no-resolv",
        "no-hosts",
        "user=root",
        "pid-file=/run/dnsmasq.pid",
        "log-facility=DAEMON",
        "local-ttl=60",
        f"local=/{site.domain}/",
    ]
    lines += [f"host-record={h.name}.{site.domain},{h.name},{h.address}" for h in site.monitored]
    lines += [f"address=/{name}/{address}" for name, address in site.websites]
    machine.put("/etc/dnsmasq-lab.conf", "\n".join(lines) + "\n")
    machine.spawn("dnsmasq", "dnsmasq", "--keep-in-foreground", "--conf-file=/etc/dnsmasq-lab.conf")
