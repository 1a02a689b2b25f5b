"""Which announced change, if any, explains an anomaly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sensorium.incident.footprint import DOMINANT, Footprint
from sensorium.incident.planned_scope import (
    Resolve,
    check_host,
    check_time,
    check_transfer,
    parse_ports,
)
from sensorium.incident.traits import Trait
from sensorium.model.change import Change, ChangeKind
from sensorium.model.entity_kind import EntityKind

IsClient = Callable[[str, str, int], bool]
"""Whether a host (first) is known to use a server's port (second, third)."""

# No announced work makes a host scan, guess passwords or lose a link.
_NEVER = frozenset({Trait.FAN_OUT, Trait.AUTH_FAILURE, Trait.LINK})
_PASSWORD = re.compile(r"accepted password", re.IGNORECASE)
_OUTAGE = frozenset({Trait.FAILING, Trait.SILENT, Trait.ERRORS, Trait.SLOW, Trait.RESTART})


class Fit(StrEnum):
    """How a change explains an anomaly.

    ``traffic``: its conversation is the announced one. ``compatible``: announced work has such
    side effects on this host, which says something only where the work itself is seen.
    """

    NO = "no"
    COMPATIBLE = "compatible"
    TRAFFIC = "traffic"


@dataclass(frozen=True, slots=True)
class Explainer:
    """Compares anomalies with announced changes, as the network is known at one moment."""

    resolve: Resolve
    is_client: IsClient
    lead_s: int
    overrun_s: int

    def best(self, print_: Footprint, changes: Iterable[Change]) -> tuple[Fit, Change] | None:
        """The change that explains the anomaly best; None where none does."""
        found: tuple[Fit, Change] | None = None
        for change in sorted(changes, key=lambda c: (c.start_ns, c.ref)):
            fit = self.fit(print_, change)
            if fit is Fit.TRAFFIC:
                return fit, change
            if fit is Fit.COMPATIBLE and found is None:
                found = fit, change
        return found

    def fit(self, print_: Footprint, change: Change) -> Fit:
        """How one change explains the anomaly."""
        anomaly = print_.anomaly
        span = check_time(
            change,
            anomaly.start_ns,
            anomaly.end_ns,
            lead_s=self.lead_s,
            overrun_s=self.overrun_s,
        )
        if not span.fits or print_.traits & _NEVER:
            return Fit.NO
        if change.kind is ChangeKind.DEPLOYMENT:
            return self._deployment(print_, change)
        if change.kind is ChangeKind.MAINTENANCE and not change.scope.peers:
            return self._maintenance(print_, change)
        return self._transfer(print_, change)

    def _transfer(self, print_: Footprint, change: Change) -> Fit:
        if not change.scope.peers:
            return Fit.NO
        if print_.talks:
            return self._talk(print_, change)
        if Trait.ERRORS in print_.traits or _PASSWORD.search(print_.anomaly.summary):
            return Fit.NO
        return self._on_host(print_, change)

    def _deployment(self, print_: Footprint, change: Change) -> Fit:
        if print_.talks:
            return self._talk(print_, change)
        if self._on_host(print_, change) is Fit.COMPATIBLE:
            # The event says that it happened, so the host's own signals need no other witness.
            return Fit.TRAFFIC
        return self._on_client(print_, change)

    def _maintenance(self, print_: Footprint, change: Change) -> Fit:
        if not print_.traits & _OUTAGE:
            return Fit.NO
        return self._talk(print_, change) if print_.talks else self._on_host(print_, change)

    def _talk(self, print_: Footprint, change: Change) -> Fit:
        if print_.dominant is None:
            return Fit.NO
        fits = check_transfer(change, print_.dominant, self.resolve).fits
        return Fit.TRAFFIC if fits else Fit.NO

    def _on_host(self, print_: Footprint, change: Change) -> Fit:
        """Logs and metrics of an announced host that name no stranger, and interfaces that
        carried what was announced."""
        strangers = [
            host
            for host, share in print_.mentions.items()
            if share >= DOMINANT and not check_host(change, host, self.resolve).fits
        ]
        if strangers:
            return Fit.NO
        if print_.anomaly.entity.kind is EntityKind.INTERFACE:
            carried = [h for h, share in print_.mentions.items() if share >= DOMINANT]
            return Fit.COMPATIBLE if carried else Fit.NO
        fits = check_host(change, print_.owner, self.resolve).fits
        return Fit.COMPATIBLE if fits else Fit.NO

    def _on_client(self, print_: Footprint, change: Change) -> Fit:
        """Trouble at a host that uses the service that is deployed."""
        if not print_.traits & _OUTAGE:
            return Fit.NO
        servers = [a for a in map(self.resolve, change.scope.hosts) if a is not None]
        if any(print_.mentions.get(server, 0.0) >= DOMINANT for server in servers):
            return Fit.COMPATIBLE
        ports = sorted(parse_ports(change.scope.ports))
        uses = any(self.is_client(print_.owner, s, port) for s in servers for port, _ in ports)
        return Fit.COMPATIBLE if uses and not print_.mentions else Fit.NO
