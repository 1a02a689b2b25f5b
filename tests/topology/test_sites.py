"""Sites: who is at each, and what is lost where one is cut off."""

from __future__ import annotations

import pytest

from sensorium.errors import UsageError
from sensorium.topology.impact import impact_of_site
from sensorium.topology.inventory import Cable, Device, DeviceKind, Inventory
from sensorium.topology.placing import Placing
from sensorium.topology.site import sites_of, within
from sensorium.topology.survey import Use
from sensorium.topology.transit import Transit
from sensorium.topology.wiring import OUTSIDE, Wiring
from tests.topology.site import APP, DB, R1, R2, USES, WEB, WS1, WS2, inside, survey

USERS = ("10.1.0.0/16", "Users")
SERVERS = ("10.2.0.0/16", "Servers")


def placed(*sites: tuple[str, str], uses: tuple[Use, ...] = USES) -> Transit:
    return Transit(Wiring.of(survey(uses), Inventory(), inside, sites))


def test_the_smallest_network_says_where_an_address_is() -> None:
    placing = Placing([("10.0.0.0/8", "all"), ("10.1.0.0/16", "one"), ("fd00::/8", "six")])
    assert [placing.of(a) for a in ("10.1.2.3", "10.2.0.1", "fd00::1", "192.0.2.1", "sw-1")] == [
        "one",
        "all",
        "six",
        "",
        "",
    ]
    with pytest.raises(UsageError, match="no network"):
        Placing([("10.1.0.0/99", "one")])


def test_a_site_has_the_nodes_of_its_networks_and_nothing_outside() -> None:
    sites = sites_of(placed(USERS, SERVERS, ("0.0.0.0/0", "rest")).wiring)
    assert sites["site:Users"].members == {WS1, WS2}
    assert sites["site:Servers"].members == {WEB, APP, DB}
    assert OUTSIDE not in sites["site:rest"].members


def test_a_site_that_is_cut_off_keeps_what_stays_within_it() -> None:
    """Servers hang on one switch of their site, and that on the router."""
    cables = (
        *(Cable("sw", "", name, "", "lldp") for name in ("web", "app", "db")),
        Cable("sw", "up", "r1", "down", "lldp"),
    )
    devices = {"sw": Device("sw", DeviceKind.SWITCH, (), "Servers")}
    transit = Transit(Wiring.of(survey(), Inventory(devices, cables), inside, [SERVERS]))
    site = sites_of(transit.wiring)["site:Servers"]
    assert site.members == {"sw", WEB, APP, DB}
    assert [(link.one, link.port, link.other) for link in site.exits] == [(R1, "down", "sw")]
    found = impact_of_site(transit, site)
    assert {(u.client, u.server) for u in found.cut} == {(WS1, WEB), (WS2, WEB)}
    assert found.kept == ()
    stay = {(u.client, u.server) for u in transit.uses_at(within(transit, site))}
    assert stay == {(WEB, APP), (APP, DB)}


def test_what_hosts_of_a_site_ask_each_other_over_a_router_elsewhere_is_lost_too() -> None:
    transit = placed(SERVERS)
    site = sites_of(transit.wiring)["site:Servers"]
    assert len(site.exits) == 3
    assert within(transit, site) == frozenset()
    assert len(impact_of_site(transit, site).cut) == 4


def test_who_runs_through_a_site_keeps_another_way() -> None:
    """Two sites between which the one in the middle is not the only way."""
    cables = (
        Cable("west", "", "ws1", "", "lldp"),
        Cable("east", "", "web", "", "lldp"),
        *(Cable("west", "", middle, "", "lldp") for middle in ("m1", "m2")),
        *(Cable("east", "", middle, "", "lldp") for middle in ("m1", "m2")),
    )
    devices = {
        "m1": Device("m1", DeviceKind.SWITCH, (), "Middle"),
        "ws1": Device("ws1", DeviceKind.HOST, (WS1,)),
    }
    found = survey((USES[0],), ())
    found.identities.state("ws1", WS1)
    transit = Transit(Wiring.of(found, Inventory(devices, cables), inside))
    impact = impact_of_site(transit, sites_of(transit.wiring)["site:Middle"])
    assert [(u.client, u.server) for u in impact.kept] == [(WS1, WEB)]
    assert (impact.lost.pairs, impact.ways_left) == (0, 1)


def test_a_host_is_where_the_cable_leads_and_a_pod_where_its_node_is() -> None:
    devices = {
        "sw": Device("sw", DeviceKind.SWITCH, (), "Oslo"),
        "pod/a/x": Device("pod/a/x", DeviceKind.POD, (), on="web"),
    }
    cables = (Cable("sw", "1", "web", "", "lldp"), Cable("sw", "2", "db", "", "lldp"))
    wiring = Wiring.of(survey(), Inventory(devices, cables), inside)
    assert wiring.nodes[WEB].site == wiring.nodes[DB].site == "Oslo"
    assert wiring.nodes["pod/a/x"].site == "Oslo"
    # That a host sends through a router of a site does not put it there.
    assert wiring.nodes[WS1].site == wiring.nodes[R2].site == ""
