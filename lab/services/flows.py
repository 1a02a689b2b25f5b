"""pmacctd: flow export from a router, each packet seen once, on the port where it enters.

pmacctd's probe descends from softflowd; unlike it, one process watches all ports, and every
record says which port the packets came in by.
"""

from __future__ import annotations

from lab.machine import Machine
from lab.site import Host, Role, Site
from lab.wiring import ROUTER_PORTS

NETFLOW_PORT, IPFIX_PORT = 2055, 4739

# A flow is told of within seconds of its end, and at least every minute while it lasts.
_TIMEOUTS = "tcp=15:tcp.rst=5:tcp.fin=5:udp=12:icmp=12:general=15:maxlife=60:expint=4"
_CONFIGURATION = """\
daemonize: false
pidfile: /run/pmacctd.pid
pcap_interfaces_map: /etc/pmacct/ports.map
pcap_ifindex: map
snaplen: 128
aggregate: src_host, dst_host, src_port, dst_port, proto, tos, tcpflags, in_iface, out_iface
plugins: nfprobe[export]
plugin_pipe_size: 8192000
plugin_buffer_size: 8192
nfprobe_receiver[export]: {collector}:{port}
nfprobe_version[export]: {version}
nfprobe_timeouts[export]: {timeouts}
nfprobe_engine[export]: {domain}
nfprobe_direction[export]: in
"""


def start(machine: Machine, host: Host, site: Site, collector: str) -> None:
    """Start the exporter: NetFlow v9 or IPFIX, as the site has decided."""
    netflow = host.role is site.netflow_router
    version, port = (9, NETFLOW_PORT) if netflow else (10, IPFIX_PORT)
    lines = []
    for name in ROUTER_PORTS[host.role]:
        index = machine.path(f"/sys/class/net/{name}/ifindex").read_text().strip()
        lines.append(f"ifindex={index} ifname={name} direction=in\n")
    machine.put("/etc/pmacct/ports.map", "".join(lines))
    machine.put(
        "/etc/pmacct/lab.conf",
        _CONFIGURATION.format(
            collector=collector,
            port=port,
            version=version,
            timeouts=_TIMEOUTS,
            domain=1 if host.role is Role.EDGE else 2,
        ),
    )
    machine.spawn("pmacctd", "pmacctd", "-f", "/etc/pmacct/lab.conf")
