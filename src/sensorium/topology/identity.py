"""Who is who: the names a network gives its hosts, learnt from what the hosts say themselves."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from sensorium.model.address import unpack_address
from sensorium.model.signals import Signal
from sensorium.state.arrays import State
from sensorium.topology.claims import Claims, Directory

if TYPE_CHECKING:
    from collections.abc import Iterable


class Identities:
    """Names and addresses of hosts, and the one address a host with several is known by.

    Two sources claim that a name and an address belong together: the sender and the ``host``
    field of a log line, and ``node_uname_info`` with the ``instance`` it was scraped from. A
    claim counts from the arrival of the first record that makes it, and only once
    :meth:`advance` has passed that time; what is known at an event time is therefore the same
    however records were divided into batches.

    Not for addresses on the internet: those that nothing claims stand for themselves.
    """

    def __init__(self) -> None:
        self._claims = Claims()
        self._directory = Directory.of(())
        self._stated: set[tuple[str, str]] = set()
        self._watermark_ns = 0

    def observe(self, signal: Signal, batch: pa.RecordBatch) -> None:
        """Learn from one batch; signals that name nobody are ignored."""
        if not batch.num_rows:
            return
        if signal is Signal.LOGS:
            self._claims.add_many("logs", _log_claims(batch))
        elif signal is Signal.METRICS:
            self._claims.add_many("metrics", _metric_claims(batch))

    def state(self, name: str, address: str) -> None:
        """Take over a name that settings or an inventory give an address.

        It outranks what hosts say. One name may have several addresses. ValueError for text that
        is no address.
        """
        self.state_all([(name, address)])

    def state_all(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take over many names with an address each; as :meth:`state`, and at once."""
        self._stated |= _stated(pairs)
        self._directory = self._build()

    def restate(self, pairs: Iterable[tuple[str, str]]) -> None:
        """As :meth:`state_all`, in place of all that was stated before."""
        stated = _stated(pairs)
        if stated != self._stated:
            self._stated = stated
            self._directory = self._build()

    def advance(self, watermark_ns: int) -> None:
        """Let claims that arrived by ``watermark_ns`` (Unix ns) count from now on."""
        self._watermark_ns = max(watermark_ns, self._watermark_ns)
        if self._claims.ripen(self._watermark_ns):
            self._directory = self._build()

    def kept(self) -> State:
        """All that hosts have claimed; what settings and inventories state is not in it."""
        return self._claims.kept()

    def restore(self, kept: State) -> None:
        """Take over what :meth:`kept` gave; it counts from the next :meth:`advance` on."""
        self._claims.restore(kept)
        self._watermark_ns = 0
        self._directory = self._build()

    def canonical(self, address: str) -> str:
        """The address its host is known by; ``address`` itself where nothing else is known."""
        return self._directory.canonical.get(address, address)

    def name(self, address: str) -> str | None:
        """The host's name; None for an address that nothing has claimed."""
        return self._directory.names.get(self.canonical(address))

    def resolve(self, name_or_address: str) -> str | None:
        """The canonical address of a host named in full, in short or by any address of it."""
        text = name_or_address.strip().rstrip(".").lower()
        try:
            return self.canonical(str(ipaddress.ip_address(text)))
        except ValueError:
            return self._directory.address_of(text)

    def addresses(self, address: str) -> tuple[str, ...]:
        """Every address of the host that has ``address``, the canonical one first."""
        canonical = self.canonical(address)
        return self._directory.aliases.get(canonical, (canonical,))

    def label(self, address: str) -> str:
        """How to call a host in a sentence: ``db-1 (10.0.0.5)``, or the address alone."""
        name = self.name(address)
        canonical = self.canonical(address)
        return f"{name} ({canonical})" if name else canonical

    def is_known(self, address: str) -> bool:
        """Whether a host of this network has claimed the address."""
        return self.canonical(address) in self._directory.names

    def known(self) -> dict[str, str]:
        """Names by canonical address, of all hosts that have one."""
        return dict(self._directory.names)

    def _build(self) -> Directory:
        stated = [("stated", address, name) for name, address in sorted(self._stated)]
        return Directory.of([*self._claims.ripe(), *stated])


def _stated(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(name.lower(), _plain(address)) for name, address in pairs}


def _plain(address: str) -> str:
    return str(ipaddress.ip_address(address))


def _log_claims(batch: pa.RecordBatch) -> Iterable[tuple[str, str, int]]:
    table = pa.table(
        {
            "address": batch.column("source_address"),
            "host": batch.column("host"),
            "seen": batch.column("observed_time_ns"),
        }
    )
    firsts = table.group_by(["address", "host"], use_threads=False).aggregate([("seen", "min")])
    for row in firsts.to_pylist():
        if row["address"] and row["host"] and row["seen_min"] is not None:
            yield unpack_address(row["address"]), row["host"], row["seen_min"]


def _metric_claims(batch: pa.RecordBatch) -> Iterable[tuple[str, str, int]]:
    mask = pc.equal(batch.column("name"), "node_uname_info")
    rows = batch.filter(mask)
    if not rows.num_rows:
        return
    times = rows.column("time_ns").to_pylist()
    for seen, labels in zip(times, rows.column("labels").to_pylist(), strict=True):
        named = dict(labels or ())
        address, nodename = _instance_address(named.get("instance", "")), named.get("nodename")
        if address and nodename and seen is not None:
            yield address, nodename, seen


def _instance_address(instance: str) -> str | None:
    host = instance.rpartition(":")[0].strip("[]")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
