"""softflowd: flow export from a router, each packet told of once, by the port where it enters.

softflowd writes the index of the one port it watches into every record, so a router runs one for
each of its ports, and each takes only the packets that come in there. What follows from that is in
``docs/how-to/record-your-own-lab.md``.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from lab.machine import Machine
from lab.site import Host, Site
from lab.wiring import ROUTER_PORTS

NETFLOW_PORT, IPFIX_PORT = 2055, 4739

_SOURCE = Path(__file__).parent.parent / "software" / "prompt_capture.c"
_LIBRARY = "/usr/local/lib/prompt_capture.so"

# A flow is told of within seconds of its end, and at least every minute while it lasts.
_TIMEOUTS = (
    *("tcp=15", "tcp.rst=5", "tcp.fin=5", "udp=12", "icmp=12", "general=15"),
    *("maxlife=60", "expint=4"),
)
_MOST_FLOWS = 65536  # a port scan must not push the ordinary flows out


def build(folder: Path) -> Path:
    """Compile what softflowd needs to see packets at once; the library, in ``folder``."""
    library = folder / "prompt_capture.so"
    subprocess.run(
        ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, _SOURCE],
        check=True,
    )
    return library


def install(machine: Machine, library: Path) -> None:
    """Put in place what :func:`start` needs on a router."""
    machine.put(_LIBRARY, library.read_bytes(), 0o755)


def start(machine: Machine, host: Host, site: Site, collector: str) -> None:
    """Start an exporter for each port: NetFlow v9 or IPFIX, as the site has decided."""
    netflow = host.role is site.netflow_router
    for port in ROUTER_PORTS[host.role]:
        index = int(machine.path(f"/sys/class/net/{port}/ifindex").read_text())
        # Through env, because the library is for softflowd alone, not for what starts it.
        machine.spawn(
            f"softflowd-{port}",
            "env", f"LD_PRELOAD={_LIBRARY}",
            *command(port, index, collector, netflow=netflow),
        )  # fmt: skip


def command(port: str, index: int, collector: str, *, netflow: bool) -> list[str]:
    """The command that exports what enters one port."""
    export = (
        ["-v", "9", "-n", f"{collector}:{NETFLOW_PORT}"]
        if netflow
        # Times of day: IPFIX has no uptime, and a start told once would be every process's.
        else ["-v", "10", "-A", "milli", "-n", f"{collector}:{IPFIX_PORT}"]
    )
    return [
        *("softflowd", "-d", "-N", "-i", f"{index}:{port}", *export, "-m", str(_MOST_FLOWS)),
        *("-p", f"/run/softflowd-{port}.pid", "-c", "none"),
        *(word for timeout in _TIMEOUTS for word in ("-t", timeout)),
        "inbound",
    ]
