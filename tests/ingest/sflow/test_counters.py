"""Counter samples become series as Prometheus would name them."""

from __future__ import annotations

import struct

import pytest

from sensorium.ingest.series import series_id
from sensorium.ingest.sflow.structures import STRUCTURES, WHOLE_RECORD
from tests.ingest.sflow import agents as a


def test_interface_counters_become_a_series_each() -> None:
    bench = a.Bench()
    decoded = bench.decode(a.datagram(a.counter_sample(a.interface_counters(7)), sub_agent=2))
    rows = {row["name"]: row for row in decoded.metrics.to_pylist()}
    assert len(rows) == 19
    octets = rows["sflow_interface_in_octets_total"]
    labels = [("ifindex", "7"), ("instance", a.AGENT), ("job", "sflow"), ("source_id", "0:3"),
              ("sub_agent", "2")]  # fmt: skip
    assert octets == {
        "time_ns": a.ARRIVAL_NS,
        "series_id": series_id("sflow_interface_in_octets_total", labels),
        "name": "sflow_interface_in_octets_total",
        "labels": labels,
        "value": 1.0,
        "kind": "counter",
    }
    assert rows["sflow_interface_oper_up"]["value"] == 1.0
    assert rows["sflow_interface_speed_bits_per_second"]["kind"] == "gauge"


def test_values_that_are_unknown_are_left_out() -> None:
    record = a.interface_counters(at5=0xFFFFFFFFFFFFFFFF, at6=0xFFFFFFFF)
    found = a.Bench().metrics(a.datagram(a.counter_sample(record)))
    assert "sflow_interface_in_octets_total" not in found
    assert "sflow_interface_in_unicast_packets_total" not in found
    assert found["sflow_interface_in_multicast_packets_total"] == 3.0


def test_a_series_keeps_its_id_and_labels_from_slab_to_slab() -> None:
    bench = a.Bench()
    payload = a.datagram(a.counter_sample(a.interface_counters()))
    first, second = (bench.decode(payload).metrics for _ in range(2))
    assert first.drop_columns(["time_ns"]).equals(second.drop_columns(["time_ns"]))
    assert bench.observe.value("sensorium_sflow_series") == 19


def test_the_processors_load_is_a_ratio() -> None:
    record = a.opaque(1001, struct.pack(">IIIQQ", 5000, 2500, 0xFFFFFFFF, 1000, 400))
    decoded = a.Bench().decode(a.datagram(a.expanded_counter_sample(record)))
    values = {
        (r["name"], dict(r["labels"]).get("window")): r["value"]
        for r in decoded.metrics.to_pylist()
    }
    assert values == {
        ("sflow_processor_utilization_ratio", "5s"): 0.5,
        ("sflow_processor_utilization_ratio", "1m"): 0.25,
        ("sflow_processor_memory_total_bytes", None): 1000.0,
        ("sflow_processor_memory_free_bytes", None): 400.0,
    }


@pytest.mark.parametrize("length", [68, 80])
def test_a_hosts_processor_is_read_in_both_lengths(length: int) -> None:
    values = struct.pack(
        ">ffIIIIIIIIIIIIIIIIII", 0.5, -1.0, 0, 2, 99, 8, 2400, 3600, *range(1000, 13000, 1000)
    )
    decoded = a.Bench().decode(a.datagram(a.counter_sample(a.opaque(2003, values[:length]))))
    found = {
        (r["name"], dict(r["labels"]).get("mode")): r["value"] for r in decoded.metrics.to_pylist()
    }
    assert found["sflow_host_load1", None] == 0.5
    assert ("sflow_host_load5", None) not in found
    assert found["sflow_host_cpu_frequency_hertz", None] == 2.4e9
    assert found["sflow_host_cpu_seconds_total", "user"] == 1.0
    assert (("sflow_host_cpu_seconds_total", "steal") in found) == (length == 80)


def test_names_become_labels_of_info_series() -> None:
    host = a.string(b"web-1") + bytes(range(16)) + a.words(3, 2) + a.string(b"6.1.0")
    port = a.opaque(1005, a.string(b"Ethernet1/1"))
    decoded = a.Bench().decode(a.datagram(a.counter_sample(a.opaque(2000, host), port)))
    info, named = (dict(row["labels"]) for row in decoded.metrics.to_pylist())
    assert (info["hostname"], info["machine"], info["os"]) == ("web-1", "x86_64", "linux")
    assert (info["os_release"], info["uuid"]) == ("6.1.0", bytes(range(16)).hex())
    assert named["port"] == "Ethernet1/1"


def test_names_that_are_no_text_do_no_harm() -> None:
    for record in (a.opaque(1005, a.words(99)), a.opaque(2000, b"\xff" * 40)):
        decoded = a.Bench().decode(a.datagram(a.counter_sample(record)))
        decoded.metrics.validate(full=True)
        assert decoded.metrics.num_rows == 1


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
def test_every_structure_has_the_length_that_its_fields_take(structure: object) -> None:
    known = [field for field in structure.fields if field.end <= structure.least]
    if structure.told_by != WHOLE_RECORD:
        assert max(field.end for field in known) == structure.least
    record = a.opaque(structure.format, bytes(structure.least))
    decoded = a.Bench().decode(a.datagram(a.counter_sample(record)))
    assert decoded.metrics.num_rows == len(known)


def test_structures_of_an_enterprise_are_read_too() -> None:
    record = a.opaque(
        (5703 << 12) + 1,
        struct.pack(">4I2Q4I", 2, 5, 1500, 250, 80 << 30, 20 << 30, 3, 9000, 61, 40),
    )
    decoded = a.Bench().decode(a.datagram(a.counter_sample(record)))
    rows = decoded.metrics.to_pylist()
    found = {row["name"]: row["value"] for row in rows}
    assert found["sflow_gpu_memory_free_bytes"] == 20 << 30
    assert found["sflow_gpu_busy_seconds_total"] == 1.5
    assert found["sflow_gpu_energy_joules_total"] == 9
    assert (found["sflow_gpu_temperature_celsius"], found["sflow_gpu_devices"]) == (61, 2)


def test_metrics_are_named_as_prometheus_asks() -> None:
    for structure in STRUCTURES:
        for field in structure.fields:
            assert field.name.startswith("sflow_")
            assert (field.kind == "counter") == field.name.endswith("_total"), field.name
