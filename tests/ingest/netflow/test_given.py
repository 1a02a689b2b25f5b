"""Elements that a person names, and those that ntop's nProbe sends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sensorium.errors import UsageError
from sensorium.ingest.netflow.registry.given import read_given
from sensorium.ingest.netflow.registry.lookup import Information, Type, information
from tests.ingest.netflow import packets as p
from tests.ingest.netflow.test_lists import OWN_DATA, PEN, definition, definitions

NTOP = 35632


def named(folder: Path, text: str) -> Path:
    path = folder / "elements.csv"
    path.write_text(text)
    return path


def attributes(bench: p.Bench, *payloads: bytes) -> dict[str, str]:
    return dict(bench.rows(*payloads)[-1]["attributes"])


def test_a_file_names_elements_and_says_what_they_are(tmp_path: Path) -> None:
    text = f"\ufeff# of our probe\n\n{PEN}.7,queueDepth,signed32\n {PEN}.8 , queueName,string # x\n"
    path = named(tmp_path, text)
    assert read_given([path]) == {
        (PEN, 7): Information("queueDepth", Type.SIGNED),
        (PEN, 8): Information("queueName", Type.STRING),
    }
    assert attributes(p.Bench(elements=(path,)), OWN_DATA) == {
        "queueDepth": "-2", "queueName": "fwd"
    }  # fmt: skip


def test_a_persons_name_counts_before_the_exporters(tmp_path: Path) -> None:
    path = named(tmp_path, f"{PEN}.7,ourDepth,signed32")
    bench = p.Bench(elements=(path,), max_elements_per_source=1)
    said = definitions(definition(7, 7, b"queueDepth"), definition(8, 13, b"queueName"))
    assert attributes(bench, said, OWN_DATA) == {"ourDepth": "-2", "queueName": "fwd"}
    assert bench.dropped() == {}


def test_a_persons_name_counts_before_the_vendors(tmp_path: Path) -> None:
    path = named(tmp_path, f"{NTOP}.118,appNumber,unsigned16\n{NTOP}.119,l7_proto_name,string\n")
    fields: list[p.Spec] = [(8, 4), (118, 2, NTOP), (119, 65535, NTOP)]
    data = p.ipfix(p.a_set(2, p.template(256, fields)), p.a_set(256, p.record(fields, 1, 7, b"a")))
    assert attributes(p.Bench(elements=(path,)), data) == {"appNumber": "7", "l7_proto_name": "a"}
    assert attributes(p.Bench(), data) == {"l7_proto": "7", "l7_proto_name": "a"}


def test_what_a_file_names_is_not_kept_as_what_exporters_said(tmp_path: Path) -> None:
    bench = p.Bench(elements=(named(tmp_path, f"{PEN}.7,queueDepth,signed32"),))
    bench.decode(p.v5([p.v5_record()]))
    assert json.loads(bench.decoder.state())["sources"] == []
    bench.decode(definitions(definition(8, 13, b"queueName")), OWN_DATA)
    (source,) = json.loads(bench.decoder.state())["sources"]
    assert [name for _, _, name, _ in source["elements"]] == ["queueName"]
    other = p.Bench()
    other.decoder.restore(bench.decoder.state())
    assert attributes(other, OWN_DATA) == {
        f"enterprise-{PEN}-7": "fffffffe", "queueName": "fwd"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("26866.1,name", "not three values"),
        ("26866,name,string", "'26866' is no enterprise and number"),
        ("26866.70000,name,string", "'26866.70000' is no enterprise and number"),
        ("4294967295.1,name,string", "'4294967295.1' is no enterprise and number"),
        ("26866.-1,name,string", "'26866.-1' is no enterprise and number"),
        ("26866.1,name,text", "'text' is no data type of RFC 7012 (octetArray, unsigned8"),
        ("26866.1,a name,string", "'a name' is no name, or that of a column"),
        ("26866.1,bytes,string", "'bytes' is no name, or that of a column"),
        ("26866.1,natEvent,string", "'natEvent' is no name, or that of a column"),
        ("0.4,proto,unsigned8", "0.4 has a name: protocolIdentifier"),
        ("26866.1,one,string\n26866.1,two,string", "26866.1 is one already"),
    ],
)
def test_a_line_that_cannot_be_is_told_with_its_number(line: str, why: str, tmp_path: Path) -> None:
    path = named(tmp_path, f"26866.9,fine,string\n{line}\n")
    with pytest.raises(UsageError) as caught:
        read_given([path])
    number = 1 + len(line.splitlines())
    assert caught.value.message.startswith(f"{path}, line {number}: {why}")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(UsageError, match="cannot be read"):
            read_given([path])
    (tmp_path / "latin.csv").write_bytes(b"26866.1,n\xe4me,string")
    with pytest.raises(UsageError, match="cannot be read"):
        read_given([tmp_path / "latin.csv"])


@pytest.mark.parametrize(
    ("number", "name", "kind"),
    [
        (82, "src_to_dst_max_throughput", Type.UNSIGNED),
        (114, "untunneled_ipv4_src_addr", Type.IPV4),
        (183, "http_ua", Type.STRING),
        (353, "dhcp_client_mac", Type.MAC),
        (397, "untunneled_ipv6_dst_addr", Type.IPV6),
        (1036, "l4_srv_port", Type.UNSIGNED),
    ],
)
def test_nprobes_elements_are_the_same_in_netflow_v9(number: int, name: str, kind: Type) -> None:
    assert information(NTOP, number) == Information(name, kind)
    assert information(0, 57472 + number) == Information(name, kind)


def test_what_nprobe_sends_in_netflow_v9_has_its_names() -> None:
    fields: list[p.Spec] = [(8, 4), (57472 + 183, 8), (57472 + 123, 4), (57472 + 19, 2)]
    data = p.record(fields, 1, b"curl/8\0\0", 12, 7)
    rows = p.Bench().rows(p.v9(p.a_set(0, p.template(256, fields)), p.a_set(256, data)))
    assert dict(rows[0]["attributes"]) == {
        "http_ua": "curl/8", "client_nw_latency_ms": "12", "element-57491": "0007"
    }  # fmt: skip
