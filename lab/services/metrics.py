"""prometheus-node-exporter, with only what differs from namespace to namespace.

CPU, memory and load would be those of the computer that runs the lab, so they are left out.
"""

from __future__ import annotations

from lab.machine import Machine

PORT = 9100
_COLLECTORS = ("netdev", "netstat", "sockstat", "netclass", "uname", "qdisc", "udp_queues")


def start(machine: Machine) -> None:
    """Start the exporter on every address of ``machine``."""
    machine.spawn(
        "node-exporter",
        "prometheus-node-exporter",
        "--collector.disable-defaults",
        *(f"--collector.{name}" for name in _COLLECTORS),
        "--web.disable-exporter-metrics",
        f"--web.listen-address=:{PORT}",
        environment={"GOMAXPROCS": "1"},
    )
