"""Decide who plays in each slot, before anything starts: the calendar must know. No I/O."""

from __future__ import annotations

import random

from lab.plan import Kind, Plan, Slot
from lab.scenarios import backup, deployment, intrusion, link_fault, service_failure
from lab.site import Site
from lab.truth import Cast

SCENARIOS = {
    Kind.SERVICE_FAILURE: service_failure,
    Kind.LINK_FAULT: link_fault,
    Kind.BACKUP: backup,
    Kind.DEPLOYMENT: deployment,
    Kind.INTRUSION: intrusion,
}


def cast_all(site: Site, plan: Plan) -> dict[str, Cast]:
    """The cast of every slot, by slot id; the same site and plan give the same casts.

    An intrusion that runs together with a backup reaches the backup's source host.
    """
    casts: dict[str, Cast] = {}
    sources: list[str] = []
    for slot in sorted(plan.slots, key=lambda s: s.kind is not Kind.BACKUP):
        rng = random.Random(f"cast/{site.seed}/{slot.kind.value}")
        casts[slot.id] = _cast(site, slot, rng, sources)
        if slot.kind is Kind.BACKUP:
            sources.append(str(casts[slot.id].parameters["source"]))
    return casts


def _cast(site: Site, slot: Slot, rng: random.Random, sources: list[str]) -> Cast:
    match slot.kind:
        case Kind.BACKUP:
            return backup.cast(site, slot, rng)
        case Kind.INTRUSION:
            inside = Kind.BACKUP in slot.together_with
            return intrusion.cast(site, rng, backup_source=sources[-1] if inside else "")
        case Kind.SERVICE_FAILURE:
            return service_failure.cast(site, rng)
        case Kind.LINK_FAULT:
            return link_fault.cast(site, rng)
        case Kind.DEPLOYMENT:
            return deployment.cast(site, rng)
