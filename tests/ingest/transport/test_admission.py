"""Who may send, and how much: the fast columns agree with a slow, obvious twin."""

from __future__ import annotations

import ipaddress
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport import UdpConfig
from sensorium.ingest.transport.admission import Admission
from sensorium.ingest.transport.networks import SourceNetworks
from sensorium.ingest.transport.rate_limit import RateLimit
from sensorium.ingest.transport.source_drops import SourceDrops
from sensorium.ingest.transport.source_table import ABSENT, SourceTable
from sensorium.model.address import UNSPECIFIED, pack_address, unpack_address
from sensorium.observe import Observe

SECOND = 1_000_000_000

v4 = st.builds(lambda tail: f"10.0.{tail >> 8}.{tail & 255}", st.integers(0, 0xFFFF))
v6 = st.builds(lambda tail: f"2001:db8::{tail:x}", st.integers(0, 0xFFFF))
networks = st.one_of(
    st.builds("{}/{}".format, v4, st.integers(0, 32)),
    st.builds("{}/{}".format, v6, st.integers(0, 128)),
)


def packed(*texts: str) -> np.ndarray:
    joined = b"".join(pack_address(text) for text in texts)
    return np.frombuffer(joined, np.uint8).reshape(-1, 16)


@given(st.lists(networks, max_size=4), st.lists(st.one_of(v4, v6), max_size=20))
def test_an_address_is_in_a_network_when_its_prefix_is(nets: list[str], texts: list[str]) -> None:
    known = [ipaddress.ip_network(net, strict=False) for net in nets]
    wanted = [any(ipaddress.ip_address(text) in net for net in known) for text in texts]
    assert SourceNetworks(nets).hold(packed(*texts)).tolist() == wanted


def test_every_ipv6_network_leaves_out_ipv4_unless_it_is_written_as_mapped() -> None:
    assert pack_address("10.0.0.1") not in SourceNetworks(["::/0"])
    assert pack_address("10.0.0.1") in SourceNetworks(["::ffff:10.0.0.0/104"])
    assert pack_address("10.0.0.1") not in SourceNetworks([])


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 30))
def test_a_table_gives_each_source_one_place_until_it_is_full(
    numbers: list[int], capacity: int
) -> None:
    table, known = SourceTable(capacity), dict[int, int]()
    for number in numbers:
        if number not in known and len(known) < capacity:
            known[number] = len(known)
    texts = [f"192.0.2.{number}" for number in numbers]
    places = table.places(packed(*texts)).tolist()
    assert places == [known.get(number, ABSENT) for number in numbers]
    kept = np.arange(len(table)) % 2 == 0
    addresses = table.addresses()
    table.keep(kept)
    assert table.places(addresses[kept]).tolist() == list(range(int(kept.sum())))


class SlowBucket:
    """One source's bucket, as a textbook has it."""

    def __init__(self, rate: float) -> None:
        self.rate, self.burst = rate, max(rate, 1.0)
        self.tokens, self.at = self.burst, 0

    def passes(self, at: int) -> bool:
        if at > self.at:
            self.tokens = min(self.burst, self.tokens + (at - self.at) / 1e9 * self.rate)
            self.at = at
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@given(
    st.sampled_from([0.5, 2.0, 7.0]),
    st.lists(st.tuples(st.integers(0, 5), st.integers(-200, 900)), max_size=80),
    st.integers(0, 80),
)
def test_a_rate_limit_is_one_bucket_for_each_source(
    rate: float, events: list[tuple[int, int]], cut: int
) -> None:
    buckets = {source: SlowBucket(rate) for source in range(6)}
    now, sources, times = 1_700_000_000 * SECOND, list[str](), list[int]()
    for source, milliseconds in events:
        now += milliseconds * 1_000_000
        sources.append(f"192.0.2.{source}")
        times.append(now)
    wanted = [buckets[s].passes(at) for (s, _), at in zip(events, times, strict=True)]
    limit, addresses, received = RateLimit(rate), packed(*sources), np.array(times, np.int64)
    first = limit.passing(addresses[:cut], received[:cut]).tolist()
    assert first + limit.passing(addresses[cut:], received[cut:]).tolist() == wanted


def test_where_sources_are_too_many_idle_ones_give_way_and_the_rest_share() -> None:
    limit, at = RateLimit(2.0, sources=2), np.full(2, 100 * SECOND, np.int64)
    assert limit.passing(packed("192.0.2.1", "192.0.2.2"), at).all()
    more = packed("192.0.2.3", "192.0.2.4")
    both = np.repeat(more, 2, axis=0)
    assert limit.passing(both, np.repeat(at, 2)).tolist() == [True, True, False, False]
    assert limit.passing(both, np.repeat(at + 60 * SECOND, 2)).all()


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60), st.integers(1, 12))
def test_drops_by_source_always_add_up(drops: list[tuple[int, bool]], sources: int) -> None:
    counts = SourceDrops(("a", "b"), sources)
    wanted = Counter[tuple[bytes, str]]()
    for number, first in drops:
        reason = "a" if first else "b"
        counts.add(reason, packed(f"192.0.2.{number}"))
        wanted[pack_address(f"192.0.2.{number}"), reason] += 1
    found = {
        (address, reason): count
        for address, row in counts.by_source().items()
        for reason, count in row.items()
    }
    assert sum(found.values()) == len(drops)
    assert len({address for address, _ in found} - {UNSPECIFIED}) <= sources
    if len({number for number, _ in drops}) <= sources:
        assert found == wanted


def test_each_drop_is_counted_by_reason_and_source() -> None:
    observe = Observe()
    admission = Admission(
        UdpConfig(
            allowed_sources=("10.0.0.0/8", "2001:db8::/32"),
            max_datagrams_per_s=2,
            max_datagram_bytes=4,
        ),
        observe,
    )
    sources = ["10.0.0.1"] * 4 + ["192.0.2.9", "2001:db8::1", "10.0.0.2"]
    payloads = [b"a", b"b", b"c", b"d", b"e", b"f", b"too large"]
    now = np.full(7, 1_700_000_000 * SECOND, np.int64)
    slab = Datagrams.of(payloads, arrival_ns=[7] * 7, src_addr=list(map(pack_address, sources)))
    admitted = admission.admit(slab, now)
    assert [admitted.payload(i) for i in range(len(admitted))] == [b"a", b"b", b"f"]
    assert {unpack_address(a): dict(row) for a, row in admission.drops_by_source().items()} == {
        "10.0.0.1": {"rate_limit": 2},
        "10.0.0.2": {"too_large": 1},
        "192.0.2.9": {"not_allowed": 1},
    }
    for reason, count in (("rate_limit", 2), ("not_allowed", 1), ("too_large", 1)):
        labels = {"protocol": "udp", "reason": reason}
        assert observe.value("sensorium_ingest_dropped_total", labels) == count


def test_networks_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="allowed_sources"):
        UdpConfig(allowed_sources=("10.0.0.0/99",))
