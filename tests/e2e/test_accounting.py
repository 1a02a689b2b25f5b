"""What cannot be acknowledged is accounted for: sent is stored, or lost, or counted by reason.

Exporters send to a real service over a path that loses, delays and repeats datagrams and damages
some; what the service then says of each exporter must add up to what was sent, exactly.
"""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import sensorium
from tests.e2e.services import UDP, Service, service
from tests.ingest.netflow import packets as p

pytestmark = pytest.mark.xdist_group("service")

DATAGRAMS = 600
UNREADABLE = {"flows": "records_cut", "records": "unread", "packets": ""}
"""Under which reason records are counted that came and could not be read; a packet always can."""
FIELDS = p.PLAIN


@dataclass
class Way:
    """A path that treats each datagram as its dice say; the first and the last always arrive."""

    dice: random.Random
    lost: int = 0
    repeated: int = 0
    damaged: int = 0
    late: int = 0
    held: list[tuple[int, bytes]] = field(default_factory=list)

    def carry(self, number: int, last: int, datagram: bytes) -> Iterator[bytes]:
        """What of a datagram, and of those held back, arrives now."""
        fate = self.dice.random()
        if number in (0, last) or fate >= 0.16:
            yield datagram
        elif fate < 0.06:
            self.lost += 1
        elif fate < 0.10:
            self.repeated += 1
            yield datagram
            yield datagram
        elif fate < 0.13:
            self.late += 1
            self.held.append((number + 2, datagram))
        else:
            # Cut within its last record: the header is whole, its records are not.
            self.damaged += 1
            yield datagram[:-5]
        due = [one for at, one in self.held if at <= number or number == last]
        self.held = [(at, one) for at, one in self.held if at > number and number != last]
        yield from due


def v5_datagrams() -> list[bytes]:
    return [p.v5([p.v5_record()] * 10, sequence=10 * n) for n in range(DATAGRAMS)]


def templated(message: Callable[..., bytes], template_set: int, each: int) -> list[bytes]:
    """Datagrams of ten records; ``each`` is what one of them adds to the sequence number."""
    record = p.record(FIELDS, 0x0A000001, 0x0A000002, 1234, 80, 6, 0, 1000, 10)
    template = p.a_set(template_set, p.template(256, FIELDS))
    data = p.a_set(256, record * 10)
    first = message(template, data, sequence=0)
    return [first, *(message(data, sequence=each * n) for n in range(1, DATAGRAMS))]


def exporters() -> dict[str, tuple[str, list[bytes], str]]:
    """By address: the port, its datagrams, and the unit of its sequence numbers."""
    return {
        "127.0.0.11": ("flows", v5_datagrams(), "flows"),
        "127.0.0.12": ("flows", templated(p.v9, 0, 1), "packets"),
        "127.0.0.13": ("ipfix", templated(p.ipfix, 2, 10), "records"),
    }


def sends(running: Service) -> dict[str, Way]:
    """Send everything, each exporter over a path of its own; what became of it on the way."""
    paths: dict[str, Way] = {}
    for address, (port, datagrams, _) in exporters().items():
        path = paths[address] = Way(random.Random(address))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((address, 0))
            for number, datagram in enumerate(datagrams):
                for arriving in path.carry(number, len(datagrams) - 1, datagram):
                    sender.sendto(arriving, ("127.0.0.1", UDP[port]))
                if number % 50 == 0:
                    time.sleep(0.01)
    return paths


def told(running: Service) -> dict[str, dict[str, Any]]:
    found = running.get("/api/v1/exporters").json()["exporters"]
    return {one["address"]: one for one in found}


def stored(running: Service) -> int:
    lines = running.get("/metrics").text.splitlines()
    name = 'sensorium_store_rows_total{signal="flows"} '
    return round(sum(float(line.removeprefix(name)) for line in lines if line.startswith(name)))


def test_what_was_sent_is_stored_or_lost_or_counted(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        paths = sends(running)
        arrived = {
            address: DATAGRAMS - path.lost + path.repeated for address, path in paths.items()
        }
        running.wait_for(
            lambda: {a: one["datagrams"] for a, one in told(running).items()} == arrived, 60
        )
        ours = told(running)
        running.wait_for(lambda: stored(running) == sum(o["records"] for o in ours.values()), 30)
        for address, (_, datagrams, unit) in exporters().items():
            path, one = paths[address], ours[address]
            each = 1 if unit == "packets" else 10
            assert one["unit"] == unit
            if unit != "records":
                # Of IPFIX a message lost behind a damaged one looks like a part of that.
                assert one["lost"] - one["late"] == each * path.lost, (one, path)
            assert one["duplicates"] == each * path.repeated, (one, path)
            received = one["datagrams"] if unit == "packets" else one["records"]
            unreadable = one["dropped"].get(UNREADABLE[unit], 0)
            assert (unreadable > 0) == (path.damaged > 0 and unit != "packets")
            accounted = received - one["duplicates"] + one["lost"] - one["late"] + unreadable
            assert accounted == each * len(datagrams), (one, path)
        shown = sensorium("exporters", *running.flags)
        assert shown.returncode == 0, shown.stderr
        assert "127.0.0.13" in shown.stdout
        assert "IPFIX" in shown.stdout
        as_data = sensorium("exporters", "--json", *running.flags)
        assert len(json.loads(as_data.stdout)["exporters"]) == 3
