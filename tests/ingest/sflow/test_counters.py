"""Counter samples become series as Prometheus would name them."""

from __future__ import annotations

import struct

import pytest

from sensorium.ingest.series import series_id
from sensorium.ingest.sflow.structures import FIRST_STRING, STRUCTURES, WHOLE_RECORD
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


ITEMS = {item.name for structure in STRUCTURES for item in structure.lists}


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
def test_every_structure_has_the_length_that_its_fields_take(structure: object) -> None:
    known = [field for field in structure.fields if field.end <= structure.least]
    if structure.told_by != WHOLE_RECORD:
        string = 4 * (structure.told_by == FIRST_STRING)
        assert string + max(field.end for field in known) == structure.listed_from
    if structure.name in ITEMS:
        return
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


def labelled(decoded: object) -> dict[tuple[str, str], float]:
    """Values by name and the labels that a record gives, of those that all records have."""
    found = {}
    for row in decoded.metrics.to_pylist():
        given = dict(row["labels"]).items() - {("job", "sflow"), ("instance", a.AGENT)}
        told = sorted(f"{k}={v}" for k, v in given if k not in ("source_id", "sub_agent"))
        found[row["name"].removeprefix("sflow_"), ",".join(told)] = row["value"]
    return found


def lane(index: int, rx_uw: int) -> bytes:
    return a.words(index, 6500, 550, 100, 1200, 850, rx_uw, 60, 1100, 850)


def test_an_optical_module_has_a_series_for_each_of_its_lanes() -> None:
    body = a.words(7, 4, 3300) + struct.pack(">i", -1250) + a.words(2) + lane(1, 480) + lane(2, 0)
    bench = a.Bench()
    found = labelled(bench.decode(a.datagram(a.counter_sample(a.opaque(10, body)))))
    assert found["sfp_temperature_celsius", "module=7"] == -1.25
    assert found["sfp_supply_voltage_volts", "module=7"] == pytest.approx(3.3)
    assert found["sfp_rx_power_watts", "lane=1"] == pytest.approx(480e-6)
    assert found["sfp_rx_power_watts", "lane=2"] == 0
    assert found["sfp_tx_wavelength_meters", "lane=2"] == pytest.approx(850e-9)
    assert found["sfp_tx_bias_current_amperes", "lane=1"] == pytest.approx(6.5e-3)
    assert len(found) == 3 + 2 * 9
    cut = a.opaque(10, body[:-4])
    assert len(labelled(bench.decode(a.datagram(a.counter_sample(cut))))) == 3
    assert bench.dropped() == {"bad_counter_record": 1}


def test_buffers_of_queues_are_told_apart_by_their_place() -> None:
    body = a.words(100, 0xFFFFFFFF, 300, 400, 2, 500, 600, 1, 700)
    device = a.opaque((4413 << 12) + 1, a.words(5000, 2500))
    found = labelled(
        a.Bench().decode(a.datagram(a.counter_sample(a.opaque((4413 << 12) + 2, body), device)))
    )
    assert found == pytest.approx({
        ("asic_ingress_buffers_used_ratio", "cast=unicast"): 0.01,
        ("asic_egress_buffers_used_ratio", "cast=unicast"): 0.03,
        ("asic_egress_buffers_used_ratio", "cast=multicast"): 0.04,
        ("asic_queue_buffers_used_ratio", "cast=unicast,queue=0"): 0.05,
        ("asic_queue_buffers_used_ratio", "cast=unicast,queue=1"): 0.06,
        ("asic_queue_buffers_used_ratio", "cast=multicast,queue=0"): 0.07,
        ("asic_buffers_used_ratio", "cast=unicast"): 0.5,
        ("asic_buffers_used_ratio", "cast=multicast"): 0.25,
    })  # fmt: skip


def test_applications_of_one_data_source_are_told_apart_by_their_names() -> None:
    records = [a.opaque(2202, a.string(name) + a.words(*range(n, n + 11)))
               for name, n in ((b"mail.smtp", 1), (b"shop", 100))]  # fmt: skip
    bench = a.Bench()
    found = labelled(bench.decode(a.datagram(a.counter_sample(*records))))
    assert found["app_operations_total", "application=mail.smtp,status=success"] == 1
    assert found["app_operations_total", "application=shop,status=unauthorized"] == 110
    assert len(found) == 22
    cut = a.opaque(2202, a.words(99) + bytes(60))
    assert bench.decode(a.datagram(a.counter_sample(cut))).metrics.num_rows == 0
    assert bench.dropped() == {"bad_counter_record": 1}


def test_what_hosts_and_ports_are_part_of_becomes_labels() -> None:
    macs = bytes.fromhex("02000000000100000200000000020000")
    adapters = a.words(3, 2, 2) + macs + a.words(3, 0) + a.words(9, 99)
    machine = a.string(b"OpenJDK") + a.string(b"Eclipse") + a.string(b"21")
    records = [a.opaque(2001, adapters), a.opaque(2002, a.words(2, 1)),
               a.opaque(1004, struct.pack(">QI", 0xABC, 7)), a.opaque(2105, machine)]  # fmt: skip
    found = labelled(a.Bench().decode(a.datagram(a.counter_sample(*records))))
    assert found == {
        ("host_adapters_info", "adapters=2=02:00:00:00:00:01,02:00:00:00:00:02 3= 9="): 1.0,
        ("host_parent_info", "parent=2:1"): 1.0,
        ("openflow_port_info", "datapath=0000000000000abc,port=7"): 1.0,
        ("jvm_info", "name=OpenJDK,vendor=Eclipse,version=21"): 1.0,
    }


def test_power_is_in_base_units_and_a_power_factor_may_be_unknown() -> None:
    energy = struct.pack(">IIIiII", 230_100, 480, 110_000, -95, 7200, 1)
    direct = struct.pack(">IIIiII", 12_000, 1000, 12_000, 0x7FFFFFFF, 0xFFFFFFFF, 0)
    found = a.Bench().metrics(a.datagram(a.counter_sample(a.opaque(3000, energy))))
    assert found["sflow_energy_volts"] == pytest.approx(230.1)
    assert found["sflow_energy_power_factor_ratio"] == pytest.approx(-0.95)
    assert found["sflow_energy_joules_total"] == pytest.approx(7.2)
    found = a.Bench().metrics(a.datagram(a.counter_sample(a.opaque(3000, direct))))
    assert "sflow_energy_power_factor_ratio" not in found
    assert "sflow_energy_joules_total" not in found
