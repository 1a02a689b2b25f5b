"""The network that a seed decides."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from lab.site import Role, SyslogFormat, make_site

SEEDS = range(60)
PRIVATE = [IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
# RFC 5737: addresses that are nobody's, for what stands for the internet.
DOCUMENTATION = [IPv4Network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def inside(address: str, networks: list[IPv4Network]) -> bool:
    return any(IPv4Address(address) in n for n in networks)


def test_the_same_seed_gives_the_same_site() -> None:
    assert make_site(7) == make_site(7)


def test_a_name_changes_nothing_but_names() -> None:
    ours, theirs = make_site(7), make_site(7, "brook")
    assert theirs.domain == "brook.example"
    assert [h.address for h in ours.hosts] == [h.address for h in theirs.hosts]


def test_seeds_differ_in_addresses_names_and_export() -> None:
    sites = [make_site(seed) for seed in SEEDS]
    assert len({s.segment("users").network for s in sites}) > 50
    assert len({s.one(Role.WEB).name for s in sites}) >= 3
    assert {s.netflow_router for s in sites} == {Role.EDGE, Role.CORE}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_site_is_sound(seed: int) -> None:
    site = make_site(seed)
    assert len(site.hosts) >= 14
    names = [h.name for h in site.hosts]
    assert len(set(names)) == len(names)
    addresses = [a for h in site.hosts for a in (h.address, *h.aliases)]
    addresses += [site.dropbox, site.edge_link, site.core_link]
    assert len(set(addresses)) == len(addresses)
    for host in site.monitored:
        assert inside(host.address, PRIVATE)
        assert IPv4Address(host.address) in site.segment(host.segment).network
    for host in site.all(Role.INTERNET):
        assert all(inside(a, DOCUMENTATION) for a in (host.address, *host.aliases))
    assert inside(site.dropbox, DOCUMENTATION)


@pytest.mark.parametrize("seed", SEEDS)
def test_segments_do_not_overlap(seed: int) -> None:
    networks = [s.network for s in make_site(seed).segments]
    for i, one in enumerate(networks):
        assert not any(one.overlaps(other) for other in networks[i + 1 :])


def test_both_syslog_formats_are_used() -> None:
    for seed in SEEDS:
        formats = {h.syslog for h in make_site(seed).monitored}
        assert formats == set(SyslogFormat)


def test_a_host_is_found_by_name_and_role() -> None:
    site = make_site(1)
    web = site.one(Role.WEB)
    assert site.named(web.name) is web
    assert len(site.all(Role.USER)) == 5
    assert {h.segment for h in site.servers} == {"servers"}
    with pytest.raises(KeyError):
        site.named("nobody")
