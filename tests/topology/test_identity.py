from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sensorium.model.signals import Signal
from sensorium.topology import Identities
from tests.topology.batches import SECOND, logs, uname

LINES = [
    ("10.0.0.5", "db-1", 10),
    ("10.0.9.1", "gw-a", 11),
    ("10.0.1.1", "gw-a", 12),
    ("10.0.0.7", "web-1.example.org", 13),
    ("10.0.0.7", "web-1.example.org", 14),
]


def learnt(*lines: tuple[str, str, int], until_s: int = 100) -> Identities:
    identities = Identities()
    identities.observe(Signal.LOGS, logs(*lines))
    identities.advance(until_s * SECOND)
    return identities


def test_a_log_line_ties_a_name_to_its_senders_address() -> None:
    identities = learnt(*LINES)
    assert identities.name("10.0.0.5") == "db-1"
    assert identities.resolve("DB-1") == "10.0.0.5"
    assert identities.label("10.0.0.5") == "db-1 (10.0.0.5)"


def test_a_host_with_several_addresses_is_known_by_the_smallest() -> None:
    identities = learnt(*LINES)
    assert identities.canonical("10.0.9.1") == "10.0.1.1"
    assert identities.addresses("10.0.9.1") == ("10.0.1.1", "10.0.9.1")
    assert identities.resolve("gw-a") == "10.0.1.1"


def test_nine_is_smaller_than_ten_among_addresses() -> None:
    identities = learnt(("10.0.10.1", "gw", 1), ("10.0.9.1", "gw", 1))
    assert identities.canonical("10.0.10.1") == "10.0.9.1"


def test_a_host_is_found_by_its_full_and_by_its_short_name() -> None:
    identities = learnt(*LINES)
    assert identities.resolve("web-1") == "10.0.0.7"
    assert identities.resolve("web-1.example.org.") == "10.0.0.7"
    assert identities.name("10.0.0.7") == "web-1"


def test_an_address_nobody_claims_stands_for_itself() -> None:
    identities = learnt(*LINES)
    assert identities.canonical("203.0.113.9") == "203.0.113.9"
    assert identities.name("203.0.113.9") is None
    assert identities.label("203.0.113.9") == "203.0.113.9"
    assert not identities.is_known("203.0.113.9")
    assert identities.resolve("no-such-host") is None


def test_a_log_relay_that_speaks_for_many_is_not_taken_for_any_of_them() -> None:
    identities = learnt(("10.0.0.9", "a", 1), ("10.0.0.9", "b", 2), ("10.0.0.3", "a", 3))
    assert identities.name("10.0.0.9") is None
    assert identities.canonical("10.0.0.3") == "10.0.0.3"
    assert identities.name("10.0.0.3") == "a"


def test_a_senders_address_or_localhost_in_place_of_a_name_names_nobody() -> None:
    identities = learnt(("10.0.0.9", "10.0.0.9", 1), ("10.0.0.9", "localhost", 2))
    assert not identities.is_known("10.0.0.9")


def test_a_scraped_node_name_ties_a_management_address_to_the_host() -> None:
    identities = learnt(*LINES)
    identities.observe(Signal.METRICS, uname(("10.99.0.5:9100", "db-1", 20)))
    identities.advance(200 * SECOND)
    assert identities.addresses("10.99.0.5") == ("10.0.0.5", "10.99.0.5")


def test_one_kernels_node_name_at_hosts_that_call_themselves_differently_joins_none() -> None:
    identities = learnt(("10.0.0.1", "a", 1), ("10.0.0.2", "b", 1), ("10.0.0.3", "c", 1))
    scraped = [(f"10.0.0.{n}:9100", "bigbox", 2) for n in (1, 2, 3)]
    identities.observe(Signal.METRICS, uname(*scraped))
    identities.advance(300 * SECOND)
    assert identities.known() == {"10.0.0.1": "a", "10.0.0.2": "b", "10.0.0.3": "c"}


def test_a_name_counts_only_once_event_time_has_passed_its_arrival() -> None:
    identities = learnt(*LINES, until_s=11)
    assert identities.is_known("10.0.9.1")
    assert not identities.is_known("10.0.0.7")
    identities.advance(13 * SECOND)
    assert identities.is_known("10.0.0.7")


def test_a_stated_name_outranks_what_the_host_calls_itself() -> None:
    identities = Identities()
    identities.state("core-router", "10.0.9.1")
    identities.observe(Signal.LOGS, logs(*LINES))
    identities.advance(100 * SECOND)
    assert identities.name("10.0.9.1") == "core-router"


@given(st.permutations(LINES), st.lists(st.integers(0, 5), max_size=4), st.integers(5, 20))
def test_what_is_known_does_not_depend_on_order_or_batches(
    lines: list[tuple[str, str, int]], cuts: list[int], until_s: int
) -> None:
    whole = learnt(*LINES, until_s=until_s)
    pieces = Identities()
    edges = [0, *sorted(cuts), len(lines)]
    for start, stop in pairwise(edges):
        pieces.observe(Signal.LOGS, logs(*lines[start:stop]))
    pieces.advance(until_s * SECOND)
    assert pieces.known() == whole.known()
    for address, _, _ in LINES:
        assert pieces.addresses(address) == whole.addresses(address)


def test_two_routers_with_one_first_label_are_two() -> None:
    identities = Identities()
    identities.state_all(
        [("rtr1.ams.example.net", "10.1.0.1"), ("rtr1.fra.example.net", "10.2.0.1")]
    )
    assert identities.canonical("10.2.0.1") == "10.2.0.1"
    assert identities.label("10.2.0.1") == "rtr1.fra.example.net (10.2.0.1)"
    assert identities.resolve("rtr1.ams.example.net") == "10.1.0.1"
    assert identities.resolve("rtr1") is None


def test_one_host_may_have_several_full_names_in_turn() -> None:
    identities = learnt(("10.0.0.7", "web-1.example.org", 1), ("10.0.0.7", "web-1.example.net", 2))
    assert identities.label("10.0.0.7") == "web-1 (10.0.0.7)"
    assert identities.resolve("web-1") == "10.0.0.7"
