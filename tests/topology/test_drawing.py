from __future__ import annotations

import cmath
import math
import re
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import pytest

from sensorium.topology.drawing import picture
from sensorium.topology.drawing.layout import layout, ring
from sensorium.topology.drawing.scene import scene_of, short

Answer = dict[str, Any]
Places = dict[str, tuple[float, float]]


def campus(hosts: int, *, without: tuple[str, ...] = (), switches: int = 0) -> Answer:
    """Two cores, access switches on both, hosts on those."""
    switches = switches or max(hosts // 24, 1)
    links = [("core-1", "core-2")]
    names = ["core-1", "core-2"]
    for switch in range(switches):
        names.append(f"sw-{switch:02d}")
        links += [("core-1", f"sw-{switch:02d}"), ("core-2", f"sw-{switch:02d}")]
    for host in range(hosts):
        names.append(f"pc-{host:03d}")
        links.append((f"sw-{host % switches:02d}", f"pc-{host:03d}"))
    nodes = [
        {
            "key": name,
            "label": f"{name} (10.0.0.1)",
            "role": "core switch" if name.startswith("core") else "client",
            "site": "",
            "on_paths": 0.9 if name == "core-1" else 0.0,
            "lost_share": 0.9 if name == "core-1" else 0.01,
        }
        for name in names
        if name not in without
    ]
    return {
        "nodes": nodes,
        "links": [
            {
                "one": a,
                "other": b,
                "port": "",
                "other_port": "",
                "source": "lldp",
                "only_way": b.startswith("pc"),
            }
            for a, b in links
            if not {a, b} & set(without)
        ],
        "pairs": 10,
        "since": "2026-01-01 00:00:00",
        "until": "2026-01-01 01:00:00",
    }


def places(answer: Answer) -> Places:
    found = {}
    for match in re.finditer(r'data-key="([^"]+)" cx="([-\d.]+)" cy="([-\d.]+)"', picture(answer)):
        found[match[1]] = (float(match[2]), float(match[3]))
    return found


def moved(one: Places, other: Places) -> float:
    """The mean distance that nodes in both moved, of the first picture's diagonal.

    A picture's frame may shift as a whole, which nobody sees: that is taken out.
    """
    both = sorted(one.keys() & other.keys())
    away = [(other[k][0] - one[k][0], other[k][1] - one[k][1]) for k in both]
    shift = tuple(sorted(d[axis] for d in away)[len(away) // 2] for axis in (0, 1))
    mean = sum(math.dist(d, shift) for d in away) / len(away)
    xs, ys = [p[0] for p in one.values()], [p[1] for p in one.values()]
    return mean / math.dist((min(xs), min(ys)), (max(xs), max(ys)))


@pytest.mark.parametrize("hosts", [0, 1, 8, 55, 290])
def test_the_same_network_is_the_same_picture(hosts: int) -> None:
    assert picture(campus(hosts)) == picture(campus(hosts))


@pytest.mark.parametrize("gone", ["pc-000", "pc-100", "pc-289"])
def test_a_host_less_moves_the_others_little(gone: str) -> None:
    assert moved(places(campus(290)), places(campus(290, without=(gone,)))) < 0.02


def test_a_switch_less_moves_the_others_by_less_than_its_room() -> None:
    gone = ("sw-05", *(f"pc-{host:03d}" for host in range(5, 264, 11)))
    whole, fewer = campus(264, switches=11), campus(264, switches=11, without=gone)
    assert moved(places(whole), places(fewer)) < 0.06


def test_the_order_of_the_answer_does_not_matter() -> None:
    answer = campus(60)
    turned = {**answer, "links": answer["links"][::-1]}
    assert places(answer) == places(turned)


@pytest.mark.parametrize("hosts", [8, 60, 290])
def test_every_node_is_drawn_once_with_its_name(hosts: int) -> None:
    answer = campus(hosts)
    text = picture(answer)
    root = ElementTree.fromstring(text)
    drawn = re.findall(r'data-key="([^"]+)"', text)
    assert sorted(drawn) == sorted(node["key"] for node in answer["nodes"])
    words = {element.text for element in root.iter() if element.tag.endswith("text")}
    assert {node["key"] for node in answer["nodes"]} <= words


def test_clusters_do_not_overlap_and_names_do_not_touch() -> None:
    placed = layout(scene_of(campus(290), 300))
    for one, other in combinations(placed, 2):
        room = ring(one.cluster) + ring(other.cluster)
        assert math.dist((one.x, one.y), (other.x, other.y)) > room
    for one in placed:
        for first, second in combinations(sorted(one.angles), 2):
            assert (second - first) * one.ring > 10


def test_beyond_what_can_be_drawn_the_least_critical_are_folded_and_counted() -> None:
    text = picture(campus(400), most=100)
    drawn = re.findall(r'data-key="([^"]+)"', text)
    assert len(drawn) < 140
    assert sum(int(count) for count in re.findall(r">\+(\d+) more<", text)) == 418 - 100
    assert "418 nodes, 318 of them folded" in text


def test_names_cannot_write_the_document() -> None:
    answer = campus(3)
    answer["nodes"][-1]["label"] = '<script>alert("x")</script>'
    text = picture(answer)
    assert "<script" not in text
    ElementTree.fromstring(text)


def test_parts_that_nothing_connects_are_all_drawn() -> None:
    answer = campus(10)
    answer["nodes"] += [{**answer["nodes"][0], "key": f"lost-{k}"} for k in range(2)]
    answer["links"].append({**answer["links"][0], "one": "lost-0", "other": "lost-1"})
    assert {"lost-0", "lost-1"} <= set(places(answer))


def sited() -> Answer:
    """The campus with two sites, and ports at the ends of its links."""
    answer = campus(60)
    for node in answer["nodes"]:
        node["site"] = "Oslo" if node["key"] in {"core-1", "sw-00"} else "Bergen"
    for place, link in enumerate(answer["links"]):
        link["port"], link["other_port"] = f"ge{place}", "up"
    answer["interfaces"] = [{"key": "core-1#ge0", "on_paths": 0.5, "lost_share": 0.25}]
    answer["sites"] = [{"name": "Oslo", "nodes": ["core-1", "sw-00"], "lost_share": 0.4}]
    return answer


def test_what_red_means_is_said_where_a_link_is_red() -> None:
    answer = campus(8)
    assert "no other way" not in picture(answer)
    for link in answer["links"]:
        link["only_way"] = not link["other"].startswith("pc")
    assert "no other way</text>" in picture(answer)


def test_interfaces_are_marked_at_the_ends_of_links_and_say_what_they_carry() -> None:
    text = picture(sited())
    between = [link for link in sited()["links"] if not link["other"].startswith("pc")]
    assert len(re.findall("data-interface=", text)) == 2 * len(between)
    assert (
        "interface ge0 of core-1: on 50 % of paths; 25 % of client-service pairs are lost" in text
    )


def test_several_links_between_two_devices_are_one_line_that_names_them_all() -> None:
    answer = sited()
    answer["links"].append({**answer["links"][0], "port": "ge99", "only_way": False})
    text = picture(answer)
    assert len(re.findall("data-interface=", text)) == len(
        re.findall("data-interface=", picture(sited()))
    )
    assert "core-1 ge0 – core-2 up" in text
    assert "core-1 ge99 – core-2 up" in text


def test_a_site_has_a_ground_with_its_name_and_what_its_loss_takes() -> None:
    text = picture(sited())
    assert "site Oslo: 2 nodes; 40 % of client-service pairs are lost where it is cut off" in text
    words = re.findall(r'class="site halo"[^>]*>([^<]+)<', text)
    assert sorted(words) == ["Bergen", "Oslo"]
    # Hosts of another site than their switch's have an arc along them.
    assert text.count("<path") == 1


def test_the_names_of_ports_do_not_touch() -> None:
    text = picture(sited())
    at = re.findall(r'class="port halo" transform="translate\(([-\d.]+) ([-\d.]+)\)', text)
    spots = [(float(x), float(y)) for x, y in at]
    assert spots
    assert min(math.dist(a, b) for a, b in combinations(spots, 2)) > 8


def test_names_of_ports_of_two_devices_do_not_cross() -> None:
    answer = campus(290)
    for link in answer["links"]:
        if link["other"].startswith("sw"):
            link["port"], link["other_port"] = "TenGigabitEthernet1/0/24", "HundredGigE0/0/0/1"
    drawn = re.findall(
        r'class="port halo" transform="translate\(([-\d.]+) ([-\d.]+)\) rotate\(([-\d.]+)\)"'
        r'[^>]*text-anchor="(\w+)">([^<]+)<',
        picture(answer),
    )
    assert len(drawn) > 8
    spots = []
    for x, y, turn, anchor, name in drawn:
        way = cmath.rect(4.6 if anchor == "start" else -4.6, math.radians(float(turn)))
        spots.append([complex(float(x), float(y)) + k * way for k in range(len(name) + 1)])
    for one, other in combinations(spots, 2):
        assert min(abs(a - b) for a in one for b in other) > 7


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("sw-1 (10.0.0.1)", "sw-1"),
        ("access-switch-building-a-floor-1 (10.0.0.1)", "access…g-a-floor-1"),
        ("access-switch-building-b-floor-1", "access…g-b-floor-1"),
        ("access-switch-building-a-floor-1.example.net", "access…g-a-floor-1"),
        ("access-switch-building-b-floor-1.example.net", "access…g-b-floor-1"),
        ("wireless-bridge-42.example.net", "wireless-bridge-42"),
        ("TenGigabitEthernet1/0/24", "TenGig…ernet1/0/24"),
        ("TenGigabitEthernet1/0/24.100", "TenGig…t1/0/24.100"),
        ("rtr1.fra.example.net (10.0.0.1)", "rtr1.fra.example.…"),
    ],
)
def test_a_long_name_is_cut_where_it_tells_least(label: str, said: str) -> None:
    assert short(label) == said


def named(answer: Answer, name: str) -> Answer:
    """The same network, its first core called otherwise."""
    nodes = [n | {"label": name} if n["key"] == "core-1" else n for n in answer["nodes"]]
    return answer | {"nodes": nodes}


@pytest.mark.parametrize("hosts", [2, 6, 30])
def test_the_name_of_a_device_does_not_cover_the_hosts_around_it(hosts: int) -> None:
    answer = campus(hosts, switches=1)
    for node in answer["nodes"]:
        if node["key"].startswith("sw"):
            node["label"] = "access-switch-building-a-floor-1"
    text = picture(answer)
    written = re.search(r'class="hub halo" x="([-\d.]+)" y="([-\d.]+)">(access[^<]+)<', text)
    assert written
    x, y, half = float(written[1]), float(written[2]), 3.7 * len(written[3])
    spots = {key: place for key, place in places(answer).items() if key.startswith("pc")}
    assert len(spots) == hosts
    for across, down in spots.values():
        assert abs(across - x) > half or not y - 14 < down < y + 6


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("core-1 (10.0.0.1)", "core-1 (10.0.0.1) is on 90 % of paths"),
        (
            "core-1.frankfurt.example.net (2001:db8:85a3:8d3:1319:8a2e:370:7348)",
            "core-1.frankfurt.example.net is on 90 % of paths",
        ),
        (
            "core-1.frankfurt.datacentres.example-corporation.net (10.0.0.1)",
            "core-1.frankfurt.… is on 90 % of paths",
        ),
    ],
)
def test_the_first_line_fits_the_picture(name: str, said: str) -> None:
    text = picture(named(campus(4), name))
    assert re.findall(r'y="28"[^>]*>([^<]+)<', text) == [said]
    # Whole, for whoever does not see it.
    assert re.findall("<title>([^<]+)<", text)[0] == f"{name} is on 90 % of paths"


def test_the_name_of_a_site_is_within_the_picture() -> None:
    answer = campus(4)
    site = "A site with a name that is a good deal longer than all of its devices are wide"
    text = picture(
        answer | {"nodes": [node | {"site": site} for node in answer["nodes"]], "sites": []}
    )
    shift = re.search(r'<g transform="translate\(([-\d.]+) ', text)
    written = re.search(r'class="site halo" x="([-\d.]+)"', text)
    wide = re.search(r'viewBox="0 0 ([\d.]+)', text)
    assert shift
    assert written
    assert wide
    middle, half = float(shift[1]) + float(written[1]), 3.7 * len(site)
    assert half <= middle <= float(wide[1]) - half
