"""When things happen, and who takes part."""

from __future__ import annotations

import pytest

from lab.casting import cast_all
from lab.plan import Kind, PlanError, make_plan
from lab.site import Role, make_site

SEEDS = range(40)


def test_the_same_seed_gives_the_same_plan_and_cast() -> None:
    site = make_site(3)
    assert make_plan(3) == make_plan(3)
    assert cast_all(site, make_plan(3)) == cast_all(site, make_plan(3))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_full_plan_has_everything_with_quiet_before_and_between(seed: int) -> None:
    plan = make_plan(seed)
    assert {s.kind for s in plan.slots} == set(Kind)
    assert plan.slots[0].start_s >= 7 * 60
    assert 25 * 60 <= plan.total_s <= 28.5 * 60
    for one, two in zip(plan.slots, plan.slots[1:], strict=False):
        assert two.start_s - one.end_s >= 120
    assert plan.total_s - plan.slots[-1].end_s >= 120


@pytest.mark.parametrize("seed", SEEDS)
def test_cron_can_start_the_backup(seed: int) -> None:
    for name in ("full", "backup+intrusion"):
        backups = [s for s in make_plan(seed, name).slots if s.kind is Kind.BACKUP]
        assert len(backups) == 1
        assert backups[0].start_s % 60 == 0


def test_the_order_depends_on_the_seed() -> None:
    assert len({tuple(s.kind for s in make_plan(seed).slots) for seed in SEEDS}) > 20


def test_a_quiet_plan_has_nothing_in_it() -> None:
    plan = make_plan(1, "quiet", minutes=3)
    assert (plan.slots, plan.total_s) == ((), 180)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_intrusion_hides_inside_a_backup_of_the_host_it_reaches(seed: int) -> None:
    site, plan = make_site(seed), make_plan(seed, "backup+intrusion")
    backup, intrusion = sorted(plan.slots, key=lambda s: s.kind.value)
    assert backup.start_s < intrusion.start_s
    assert intrusion.end_s < backup.end_s
    casts = cast_all(site, plan)
    source = casts[backup.id].parameters["source"]
    assert casts[intrusion.id].parameters["second"] == source
    assert site.named(str(source)).address in casts[intrusion.id].primary


def test_some_kinds_can_be_left_out() -> None:
    plan = make_plan(1, only=(Kind.BACKUP, Kind.LINK_FAULT))
    assert {s.kind for s in plan.slots} == {Kind.BACKUP, Kind.LINK_FAULT}


def test_minutes_stretch_and_shrink_the_quiet_parts() -> None:
    usual = make_plan(1)
    longer, shorter = make_plan(1, minutes=40), make_plan(1, minutes=15)
    assert shorter.total_s < usual.total_s < longer.total_s
    assert [s.duration_s for s in shorter.slots] == [s.duration_s for s in usual.slots]


def test_what_cannot_be_planned_is_told() -> None:
    with pytest.raises(PlanError, match="too short"):
        make_plan(1, minutes=5)
    with pytest.raises(PlanError, match="no plan is called"):
        make_plan(1, "loud")
    with pytest.raises(PlanError, match="no scenario is called 'flood'"):
        make_plan(1, "backup+flood")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_cast_names_hosts_of_the_site(seed: int) -> None:
    site = make_site(seed)
    known = {h.address for h in site.hosts} | {site.dropbox}
    for cast in cast_all(site, make_plan(seed)).values():
        assert cast.primary
        assert set(cast.hosts.values()) <= known
        assert {*cast.primary, *cast.actors, *cast.victims} <= set(cast.hosts.values())
        assert cast.cause


@pytest.mark.parametrize("seed", SEEDS)
def test_an_intrusion_starts_at_a_workstation_and_crosses_two_servers(seed: int) -> None:
    site, plan = make_site(seed), make_plan(seed)
    slot = next(s for s in plan.slots if s.kind is Kind.INTRUSION)
    values = cast_all(site, plan)[slot.id].parameters
    assert site.named(str(values["workstation"])).role is Role.USER
    assert values["first"] != values["second"]


def test_seeds_cover_every_way_a_link_and_a_service_fail() -> None:
    variants = set()
    for seed in SEEDS:
        for cast in cast_all(make_site(seed), make_plan(seed)).values():
            variants.add(cast.parameters.get("variant"))
    assert variants >= {"link_flaps", "uplink_flaps", "link_full", "database_stops"}
    assert variants >= {"connections_exhausted", "application_stalls"}
