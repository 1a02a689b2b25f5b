"""Two real machines that tell each other who they are: lldpd in two network namespaces.

What ``lldpctl`` prints on both, and what a walk over SNMP of one of them says, is the same cable.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from sensorium.topology.inventory.model import Cable, DeviceKind, Inventory
from sensorium.topology.inventory.reading import read_inventory

SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"
NEEDED = ("ip", "lldpd", "lldpcli", "snmpd", "snmpwalk")
MISSING = [name for name in NEEDED if shutil.which(name, path=SYSTEM) is None]
SNMPD = """rocommunity public
master agentx
agentXSocket {folder}/agentx
agentXPerms 0777 0777
"""

pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make network namespaces"),
]


def run(*command: str) -> str:
    """The output of a command, with the system's programs in its path."""
    done = subprocess.run(
        command,
        env={"PATH": SYSTEM},
        check=True,
        capture_output=True,
        text=True,
        timeout=20,
    )
    return done.stdout


@dataclass(frozen=True)
class Machine:
    """A namespace with an interface of its own, in which an lldpd runs."""

    name: str
    folder: Path

    def inside(self, *command: str) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.namespace, *command)

    @property
    def namespace(self) -> str:
        return f"{self.name}-{os.getpid()}"

    @property
    def _control(self) -> str:
        return str(self.folder / f"{self.name}.lldpd")

    def _lldp(self, *command: str) -> str:
        return run(*self.inside("lldpcli", "-u", self._control, *command))

    def lldpd(self, *options: str) -> subprocess.Popen[bytes]:
        """An lldpd that has its name, and says it each second."""
        settings = self.folder / f"{self.name}.conf"
        settings.write_text(
            f"configure system hostname {self.name}\nconfigure lldp tx-interval 1\n"
        )
        return subprocess.Popen(
            self.inside("lldpd", "-d", "-u", self._control, "-O", str(settings), *options),
            env={"PATH": SYSTEM},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def neighbours(self) -> str:
        """What lldpctl prints, once it has a neighbour with its name."""
        for _ in range(200):
            with suppress(subprocess.CalledProcessError):
                found = self._lldp("-f", "json", "show", "neighbors")
                if "edge-1" in found or "host-7" in found:
                    return found
            time.sleep(0.05)
        raise AssertionError("no neighbour speaks")


def wired(one: Machine, other: Machine) -> None:
    """Make both namespaces, and a cable between them."""
    for machine in (one, other):
        run("ip", "netns", "add", machine.namespace)
    ends = ("eth5", "netns", one.namespace, "type", "veth", "peer", "eth0")
    run("ip", "link", "add", *ends, "netns", other.namespace)
    for machine, port, address in ((one, "eth5", "10.9.0.1/24"), (other, "eth0", "10.9.0.7/24")):
        inside = ("ip", "-n", machine.namespace)
        run(*inside, "addr", "add", address, "dev", port)
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "link", "set", port, "up")


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A folder that lldpd may enter without its rights, and the one that it locks itself into."""
    Path("/run/lldpd").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def machines(sockets: Path) -> Iterator[tuple[Machine, Machine]]:
    switch, host = Machine("edge-1", sockets), Machine("host-7", sockets)
    running: list[subprocess.Popen[bytes]] = []
    settings = sockets / "snmpd.conf"
    settings.write_text(SNMPD.format(folder=sockets))
    try:
        try:
            wired(switch, host)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
        snmpd = ("snmpd", "-f", "-C", "-c", str(settings), "-Ln", "udp:127.0.0.1:161")
        running.append(subprocess.Popen(switch.inside(*snmpd), env={"PATH": SYSTEM}))
        for _ in range(200):
            if (sockets / "agentx").exists():
                break
            time.sleep(0.05)
        running.append(switch.lldpd("-x", "-X", str(sockets / "agentx")))
        running.append(host.lldpd())
        yield switch, host
    finally:
        for process in running:
            process.terminate()
            process.wait(20)
        for machine in (switch, host):
            with suppress(subprocess.CalledProcessError):
                run("ip", "netns", "delete", machine.namespace)


def walk(machine: Machine) -> str:
    """Its neighbours and its ports, once its agent knows of a neighbour."""
    asked = ("snmpwalk", "-v2c", "-On", "-c", "public", "127.0.0.1")
    for _ in range(200):
        found = run(*machine.inside(*asked, "1.0.8802.1.1.2"))
        if "host-7" in found:
            return found + run(*machine.inside(*asked, "1.3.6.1.2.1.31.1.1.1.1"))
        time.sleep(0.05)
    raise AssertionError("the agent knows of no neighbour")


def written(folder: Path, name: str, text: str) -> Inventory:
    path = folder / name
    path.write_text(text)
    return read_inventory([path])


def test_both_machines_and_the_walk_tell_of_one_cable(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    switch, host = machines
    folder = tmp_path / "inventory"
    folder.mkdir()
    here = written(folder, "edge-1.json", switch.neighbours())
    there = written(folder, "host-7.json", host.neighbours())
    asked = written(folder, "edge-1.txt", walk(switch))
    ends = ("edge-1", "eth5", "host-7", "eth0")
    assert here.cables == (Cable(*ends, "lldp"),)
    assert there.cables == (Cable("host-7", "eth0", "edge-1", "eth5", "lldp"),)
    assert asked.cables == (Cable(*ends, "snmp"),)
    assert {port.name for port in asked.ports} == {"lo", "eth5"}
    together = read_inventory([folder])
    assert len(together.cables) == 1
    for found in (here.devices["host-7"], asked.devices["host-7"]):
        assert found.kind is DeviceKind.HOST
        assert "10.9.0.7" in found.addresses
    assert "10.9.0.1" in together.devices["edge-1"].addresses
