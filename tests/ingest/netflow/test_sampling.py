"""Sampling rates that exporters announce in options data reach the records that follow."""

from __future__ import annotations

import struct

import pytest

from tests.ingest.netflow import packets as p

FIELDS: list[p.Spec] = [(48, 2), (10, 4), (1, 4)]


def ipfix_rate(scope: p.Spec, *fields: p.Spec, values: bytes, **header: int) -> bytes:
    template = p.options_template(300, [scope], list(fields))
    return p.ipfix(p.a_set(3, template), p.a_set(300, values), **header)


def flow(sampler: int = 0, interface: int = 0) -> bytes:
    return p.record(FIELDS, sampler, interface, 1)


def rates(bench: p.Bench, *flows: bytes, domain: int = 0) -> list[int]:
    sets = p.a_set(2, p.template(256, FIELDS)), p.a_set(256, b"".join(flows))
    return [row["sampling_rate"] for row in bench.rows(p.ipfix(*sets, domain=domain))]


@pytest.mark.parametrize(
    ("fields", "values", "expected"),
    [
        ([(34, 4)], struct.pack(">I", 1000), 1000),
        ([(50, 4)], struct.pack(">I", 64), 64),
        ([(305, 4), (306, 4)], struct.pack(">II", 10, 990), 100),
        ([(305, 4)], struct.pack(">I", 512), 512),
        ([(309, 4), (310, 4)], struct.pack(">II", 1, 2048), 2048),
        ([(311, 8)], struct.pack(">d", 0.001), 1000),
        ([(311, 4)], struct.pack(">f", 0.5), 2),
    ],
)
def test_every_way_to_announce_a_rate(fields: list[p.Spec], values: bytes, expected: int) -> None:
    bench = p.Bench()
    bench.decode(ipfix_rate((149, 4), *fields, values=bytes(4) + values))
    assert rates(bench, flow()) == [expected]


def test_without_an_announcement_the_rate_is_unknown() -> None:
    assert rates(p.Bench(), flow()) == [0]


def test_rates_by_sampler_by_interface_and_for_all_the_rest() -> None:
    bench = p.Bench()
    bench.decode(ipfix_rate((149, 4), (34, 4), values=struct.pack(">II", 1, 10)))
    bench.decode(ipfix_rate((10, 4), (34, 4), values=struct.pack(">II", 7, 20)))
    samplers = struct.pack(">IHIIHI", 0, 1, 30, 0, 2, 40)
    bench.decode(ipfix_rate((149, 4), (48, 2), (50, 4), values=samplers))
    assert rates(bench, flow(), flow(interface=7), flow(1), flow(2, 7), flow(3)) == [
        10,
        20,
        30,
        40,
        10,
    ]


def test_samplers_that_agree_speak_for_records_that_name_none() -> None:
    bench = p.Bench()
    bench.decode(
        ipfix_rate((149, 4), (48, 2), (50, 4), values=struct.pack(">IHIIHI", 0, 1, 30, 0, 2, 30))
    )
    assert rates(bench, flow()) == [30]


def test_a_rate_is_that_of_its_domain() -> None:
    bench = p.Bench()
    bench.decode(ipfix_rate((149, 4), (34, 4), values=struct.pack(">II", 1, 10), domain=1))
    assert rates(bench, flow(), domain=1) == [10]
    assert rates(bench, flow(), domain=2) == [0]


def test_a_new_rate_counts_from_where_it_stands() -> None:
    template = p.options_template(300, [(149, 4)], [(34, 4)])
    data = p.a_set(256, flow())
    rows = p.Bench().rows(
        p.ipfix(
            p.a_set(3, template),
            p.a_set(2, p.template(256, FIELDS)),
            data,
            p.a_set(300, struct.pack(">II", 1, 10)),
            data,
            p.a_set(300, struct.pack(">II", 1, 20)),
            data,
        )
    )
    assert [row["sampling_rate"] for row in rows] == [0, 10, 20]


def test_v9_options_with_scopes_of_system_and_interface() -> None:
    bench = p.Bench()
    fields: list[p.Spec] = [(10, 2), (1, 4)]
    rows = bench.rows(
        p.v9(
            p.a_set(1, p.v9_options_template(300, [(1, 4)], [(34, 4), (35, 1)])),
            p.a_set(300, struct.pack(">IIB", 0, 100, 2)),
            p.a_set(1, p.v9_options_template(301, [(2, 4)], [(34, 4)]), padding=2),
            p.a_set(301, struct.pack(">II", 5, 200)),
            p.a_set(0, p.template(256, fields)),
            p.a_set(256, p.record(fields, 5, 1) + p.record(fields, 6, 1)),
        )
    )
    assert [row["sampling_rate"] for row in rows] == [200, 100]
    assert bench.decoded() == {"flow": 2, "options": 2}


def test_samplers_beyond_the_setting_are_counted() -> None:
    bench = p.Bench(max_samplers_per_source=2)
    values = b"".join(struct.pack(">IHI", 0, n, 10 + n) for n in range(4))
    bench.decode(ipfix_rate((149, 4), (48, 2), (50, 4), values=values))
    assert bench.dropped() == {"too_many_samplers": 2}
    assert rates(bench, flow(1), flow(3)) == [11, 0]


def test_an_options_record_says_how_many_options_records_there_were() -> None:
    bench = p.Bench()
    values = struct.pack(">I4s", 1, b"Gi0\0") * 3
    bench.decode(ipfix_rate((10, 4), (82, 4), values=values))
    assert bench.decoded() == {"options": 3}


def v9_rate(scope: int, rate: int, domain: int) -> bytes:
    template = p.v9_options_template(300, [(scope, 4)], [(34, 4)])
    data = p.a_set(300, struct.pack(">II", 1, rate))
    return p.v9(p.a_set(1, template), data, domain=domain)


def v9_rates(bench: p.Bench, domain: int) -> list[int]:
    sets = p.a_set(0, p.template(256, FIELDS)), p.a_set(256, flow())
    return [row["sampling_rate"] for row in bench.rows(p.v9(*sets, domain=domain))]


def test_what_a_whole_system_announces_counts_in_all_its_domains() -> None:
    bench = p.Bench()
    bench.decode(v9_rate(1, 100, domain=5))
    assert v9_rates(bench, 5) == v9_rates(bench, 6) == [100]
    bench.decode(v9_rate(1, 50, domain=6))
    assert (v9_rates(bench, 5), v9_rates(bench, 6), v9_rates(bench, 7)) == ([100], [50], [50])


def test_what_a_line_card_announces_counts_in_its_own_domain() -> None:
    bench = p.Bench()
    bench.decode(v9_rate(3, 100, domain=5))
    assert (v9_rates(bench, 5), v9_rates(bench, 6)) == ([100], [0])


@pytest.mark.parametrize(
    ("scope", "domain", "expected"),
    [((144, 4), 5, 64), ((130, 4), 5, 64), ((149, 4), 5, 0), ((149, 4), 0, 64), ((10, 4), 5, 0)],
)
def test_an_exporters_own_scope_and_domain_zero_are_for_all_domains(
    scope: p.Spec, domain: int, expected: int
) -> None:
    bench = p.Bench()
    bench.decode(ipfix_rate(scope, (34, 4), values=struct.pack(">II", 1, 64), domain=domain))
    assert rates(bench, flow(), domain=9) == [expected]


def sampler_rate(rate: int, domain: int, sampler: int = 3) -> bytes:
    values = struct.pack(">HI", sampler, rate)
    return ipfix_rate((48, 2), (50, 4), values=values, domain=domain)


def test_samplers_told_of_in_a_domain_of_its_own_count_in_the_domains_that_have_flows() -> None:
    # As Cisco IOS XE does it: all options in domain 6, with the sampler for their scope.
    bench = p.Bench()
    bench.decode(sampler_rate(1000, 6))
    assert rates(bench, flow(3), flow(4), flow(), domain=256) == [1000, 0, 0]
    bench.decode(sampler_rate(100, 256))
    assert rates(bench, flow(3), domain=256) == [100]
    assert rates(bench, flow(3), domain=257) == [1000]


def test_samplers_of_a_domain_with_flows_are_its_own() -> None:
    bench = p.Bench()
    bench.decode(sampler_rate(1000, 6))
    assert rates(bench, flow(3), domain=6) == [1000]
    assert rates(bench, flow(3), domain=7) == [0]


def test_samplers_that_two_domains_tell_of_differently_are_nobody_elses() -> None:
    bench = p.Bench()
    bench.decode(sampler_rate(1000, 6), sampler_rate(100, 7), sampler_rate(10, 7, sampler=4))
    assert rates(bench, flow(3), flow(4), domain=256) == [0, 10]


def test_a_sampler_that_only_another_exporter_tells_of_has_no_rate() -> None:
    bench = p.Bench()
    bench.decode(sampler_rate(1000, 6, sampler=2), exporters="192.0.2.8")
    bench.decode(sampler_rate(50, 256, sampler=1))
    assert rates(bench, flow(1), flow(2), domain=256) == [50, 50]
    bench.decode(ipfix_rate((10, 4), (34, 4), values=struct.pack(">II", 7, 20), domain=256))
    assert rates(bench, flow(2), domain=256) == [50]
    bench.decode(sampler_rate(60, 256, sampler=0))
    assert rates(bench, flow(2), domain=256) == [0]


def test_one_exporters_rate_is_not_anothers() -> None:
    bench = p.Bench()
    announced = ipfix_rate((144, 4), (34, 4), values=struct.pack(">II", 1, 64))
    bench.decode(announced, exporters="192.0.2.8")
    assert rates(bench, flow()) == [0]


def test_rates_of_whole_exporters_survive_a_restart() -> None:
    before, after = p.Bench(), p.Bench()
    before.decode(v9_rate(1, 100, domain=5))
    after.decoder.restore(before.decoder.state())
    assert v9_rates(after, 6) == [100]
