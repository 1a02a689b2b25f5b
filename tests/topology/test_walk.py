from __future__ import annotations

from pathlib import Path

import pytest

from sensorium.topology.inventory import (
    Cable,
    Device,
    DeviceKind,
    Inventory,
    InventoryError,
    read_inventory,
)

LLDP = "1.0.8802.1.1.2.1."
LINES = (
    ("3.3.0", 'STRING: "edge-1"'),
    ("3.7.1.2.5", "INTEGER: 5"),
    ("3.7.1.3.5", 'STRING: "Gi0/5"'),
    ("4.1.1.6.0.5.1", "INTEGER: 5"),
    ("4.1.1.7.0.5.1", 'STRING: "Gi1/0/24"'),
    ("4.1.1.9.0.5.1", 'STRING: "core-1"'),
)
CABLE = Cable("edge-1", "Gi0/5", "core-1", "Gi1/0/24", "snmp")


def walk(start: str = ".1", **other: str) -> str:
    """The walk as text, with ``other`` values by the last word of their place in LINES."""
    lines = [(key, other.get(f"l{place}", said)) for place, (key, said) in enumerate(LINES)]
    return "".join(f"{start}{LLDP[1:]}{key} = {said}\n" for key, said in lines)


def read(folder: Path, text: str) -> Inventory:
    (folder / "walk.txt").write_text(text)
    return read_inventory([folder])


@pytest.mark.parametrize("start", [".1", "1", "iso"])
def test_a_walk_is_read_with_whatever_its_numbers_begin(start: str, tmp_path: Path) -> None:
    assert read(tmp_path, walk(start)).cables == (CABLE,)


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    assert read(tmp_path, walk().replace("\n", "\r\n")).cables == (CABLE,)


@pytest.mark.parametrize(
    "said",
    [
        "Hex-STRING: 63 6F 72 65 2D \n31 00 ",
        'Wrong Type (should be OCTET STRING): STRING: "core-1"',
        "STRING: core-1",
        'STRING: "core-1."',
        'STRING: "CORE-1"',
    ],
)
def test_a_name_is_read_as_agents_print_it(said: str, tmp_path: Path) -> None:
    assert read(tmp_path, walk(l5=said)).cables == (CABLE,)


def test_quotation_marks_and_lines_within_a_value_belong_to_it(tmp_path: Path) -> None:
    described = f'.{LLDP}4.1.1.10.0.5.1 = STRING: "a \\"b\\"\nmade by x"\n'
    remarked = ".1.3.6.1.2.1.1.1.0 = STRING: a switch\nmade by y\n"
    found = read(tmp_path, described + remarked + walk())
    assert found.cables == (CABLE,)
    assert not found.left_out


def test_lines_that_are_none_of_a_walk_are_counted(tmp_path: Path) -> None:
    found = read(tmp_path, "# edge-1, by hand\n" + walk())
    assert found.cables == (CABLE,)
    assert found.left_out == {"snmp lines that are none of a walk": 1}


def test_a_number_may_have_the_word_that_a_mib_has_for_it(tmp_path: Path) -> None:
    described = f'.{LLDP}4.1.1.8.0.5.1 = STRING: "to the edge"\n'
    found = read(tmp_path, described + walk(l3="INTEGER: interfaceName(5)"))
    assert found.cables == (CABLE,)


def test_bits_may_have_their_words(tmp_path: Path) -> None:
    bits = f".{LLDP}4.1.1.12.0.5.1 = BITS: 28 bridge(2) router(4) \n"
    assert read(tmp_path, walk() + bits).devices["core-1"].kind is DeviceKind.ROUTER


def test_what_the_machine_does_not_have_is_no_name_of_it(tmp_path: Path) -> None:
    absent = ".1.3.6.1.2.1.1.5.0 = No Such Object available on this agent at this OID\n"
    port = ".1.3.6.1.2.1.31.1.1.1.1.5 = STRING: Gi0/5\n"
    found = read(tmp_path, absent + port)
    assert set(found.devices) == {"walk"}
    assert found.left_out == {"snmp objects that the machine does not have": 1}


def test_neighbours_by_cdp_are_read_from_ciscos_table(tmp_path: Path) -> None:
    cache = ".1.3.6.1.4.1.9.9.23.1.2.1.1."
    found = read(
        tmp_path,
        ".1.3.6.1.2.1.1.5.0 = STRING: edge-1\n"
        ".1.3.6.1.2.1.31.1.1.1.1.5 = STRING: Gi0/5\n"
        f"{cache}4.5.1 = Hex-STRING: 0A 00 00 02 \n"
        f'{cache}6.5.1 = STRING: "core-1.example.net"\n'
        f'{cache}7.5.1 = STRING: "GigabitEthernet1/0/24"\n'
        f"{cache}9.5.1 = Hex-STRING: 00 00 00 28 \n"
        f'{cache}6.6.1 = ""\n',
    )
    other = "core-1.example.net"
    assert found.cables == (Cable("edge-1", "Gi0/5", other, "GigabitEthernet1/0/24", "cdp"),)
    assert found.devices[other] == Device(other, DeviceKind.SWITCH, ("10.0.0.2",))
    assert found.left_out == {"cdp neighbours without a name": 1}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (walk() + "Timeout: No Response from 10.0.0.1\n", "line 7 the machine stopped answering"),
        (walk()[:-3], "cut in the middle of the value in line 6"),
        (walk() + walk(l0='STRING: "edge-2"'), "several machines: line 7"),
        (walk().replace("STRING: ", "").replace("INTEGER: ", ""), r"line 1 \(-OQ\)"),
        (walk().replace(" = STRING:", "").replace(" = INTEGER:", ""), r"line 1 \(-Oq\)"),
        ("IF-MIB::ifName.5 = STRING: Gi0/5\n", "names for numbers as of line 1"),
        (walk() + "IF-MIB::ifName.5 = STRING: Gi0/5\n", "names for numbers as of line 7"),
        ('.1.3.111.2.802.1.1.13.1.4.1.1.10.0.5.1.1 = STRING: "x"\n', "LLDP-V2-MIB"),
        (".1.3.6.1.2.1.1.1.0 = STRING: a switch\n", "nothing that tells of links"),
    ],
)
def test_a_walk_that_is_not_whole_is_refused_with_its_line(
    text: str, why: str, tmp_path: Path
) -> None:
    with pytest.raises(InventoryError, match=why):
        read(tmp_path, text)


def test_the_same_walk_twice_is_one(tmp_path: Path) -> None:
    assert read(tmp_path, walk() + walk()).cables == (CABLE,)
