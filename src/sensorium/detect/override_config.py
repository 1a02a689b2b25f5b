"""Settings of what holds for some entities and not for others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network

from sensorium.component import setting
from sensorium.detect.names import KIND_OF, named, problems_with
from sensorium.model.entity_kind import EntityKind

Network = IPv4Network | IPv6Network


class Direction(StrEnum):
    """Which values of an entity may be odd: those above the expected, those below, or both."""

    BOTH = "both"
    RISES = "rises"
    FALLS = "falls"


@dataclass(frozen=True, kw_only=True, slots=True)
class OverrideConfig:
    """What differs for some entities; of several entries for one, the first holds."""

    match: str = setting(
        "",
        "an address, a network (10.1.0.0/24), a host's name (web1, web*), or a pattern of the"
        " entity's key (node_cpu_*)",
    )
    entity: EntityKind | None = setting(
        None,
        "host, pair, service, interface, exporter, series or log_template; any where none is named",
    )
    detectors: tuple[str, ...] = setting(
        (), "detectors that it is about, patterns too (metrics.*); all where none is named"
    )
    quiet: bool = setting(False, "say nothing of them, and let nothing of them calibrate")
    pass_rate: float | None = setting(
        None, "share of their windows that may pass, instead of that of all", gt=0, le=0.1
    )
    only: Direction = setting(
        Direction.BOTH, "both, rises or falls: which of their values may be odd"
    )

    def __post_init__(self) -> None:
        """ValueError where it can have no effect."""
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))

    @property
    def network(self) -> Network | None:
        """The network that it matches, None where it matches a pattern."""
        try:
            return ip_network(self.match)
        except ValueError:
            return None

    @property
    def of_detectors(self) -> frozenset[str]:
        """The detectors that it is about."""
        of = named(self.detectors or ("*",))
        return frozenset(n for n in of if self.entity in (None, KIND_OF[n]))

    def _problems(self) -> Iterator[str]:
        if not self.match:
            yield "match must say which entities, as an address, a network or a pattern"
        elif "/" in self.match and self.network is None:
            yield from _no_network(self.match)
        unknown = list(problems_with(self.detectors))
        yield from unknown
        if not unknown and not self.of_detectors:
            kinds = sorted({KIND_OF[n].value for n in named(self.detectors)})
            assert self.entity is not None
            yield (
                f"{', '.join(self.detectors)} scores no entity of the kind {self.entity.value};"
                f" did you mean {' or '.join(kinds)}?"
            )
        if not self.quiet and self.pass_rate is None and self.only is Direction.BOTH:
            yield "says nothing that differs; give quiet, pass_rate or only"
        if self.quiet and (self.pass_rate is not None or self.only is not Direction.BOTH):
            yield "what is quiet needs neither pass_rate nor only"


def _no_network(text: str) -> Iterator[str]:
    """What is wrong with a text that may have been meant for a network."""
    address, _, length = text.partition("/")
    try:
        meant = ip_interface(text).network
    except ValueError:
        if length.isdigit() and set(address.lower()) <= set("0123456789abcdef.:"):
            yield f"match: {text!r} is no network"
        return
    yield f"match: {text!r} is an address within a network; did you mean {meant}?"
