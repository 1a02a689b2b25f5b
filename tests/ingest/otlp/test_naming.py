from __future__ import annotations

import pytest

from sensorium.ingest.otlp.naming import label_name, labels_of, metric_name, number_text


@pytest.mark.parametrize(
    ("name", "unit", "what", "wanted"),
    [
        ("system.network.io", "By", "counter", "system_network_io_bytes_total"),
        ("http.server.duration", "ms", "", "http_server_duration_milliseconds"),
        ("system.cpu.utilization", "1", "ratio", "system_cpu_utilization_ratio"),
        ("requests", "1", "counter", "requests_total"),
        ("packets", "{packet}", "counter", "packets_total"),
        ("rate", "By/s", "", "rate_bytes_per_second"),
        ("rate", "{packet}/s", "", "rate_per_second"),
        ("uptime.seconds", "s", "", "uptime_seconds"),
        ("disk.total.reads", "", "counter", "disk_reads_total"),
        ("requests_total", "", "counter", "requests_total"),
        ("a..b__c", "", "", "a_b_c"),
        ("9lives", "", "", "_9lives"),
        ("ns:name", "", "", "ns:name"),
        ("load", "%", "", "load_percent"),
        ("power", "foo", "", "power_foo"),
        ("!!", "", "", ""),
    ],
)
def test_a_name_gets_its_unit_and_its_suffix(name: str, unit: str, what: str, wanted: str) -> None:
    made = metric_name(name, unit, counter=what == "counter", ratio=what == "ratio")
    assert made == wanted


def test_label_names_keep_letters_digits_and_underscores() -> None:
    assert label_name("http.request.method") == "http_request_method"
    assert label_name("1st") == "key_1st"
    assert label_name("a--b") == "a_b"


def test_values_of_one_label_are_in_the_order_of_the_attributes_names() -> None:
    assert labels_of([("a_b", "1"), ("a.b", "2")]) == {"a_b": "2;1"}


def test_bounds_are_written_as_clients_write_them() -> None:
    assert [number_text(n) for n in (0.005, 10.0, float("inf"), 1e-9)] == [
        "0.005", "10", "+Inf", "1e-09",
    ]  # fmt: skip
