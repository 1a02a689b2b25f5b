"""Settings of the NetFlow and IPFIX decoder: its limits, since exporters are not trusted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class NetflowConfig:
    """How much an exporter may make the decoder remember. Beyond a limit, things are counted."""

    max_sources: int = setting(
        16384,
        "most (exporter, protocol, observation domain) triples remembered; beyond it those that "
        "were silent longest are forgotten",
        ge=1,
        le=1 << 20,
    )
    max_streams: int = setting(
        32768,
        "most source ports of exporters whose sequence numbers are followed; beyond it those that "
        "were silent longest are forgotten",
        ge=1,
        le=1 << 20,
    )
    max_templates_per_source: int = setting(
        2048, "most templates remembered per exporter and observation domain", ge=1, le=65280
    )
    template_lifetime_s: float = setting(
        259_200.0,
        "seconds after which a template that did not come again over UDP is no longer used; 0 "
        "never. Three times the longest interval at which exporters send theirs",
        ge=0,
    )
    max_fields_per_template: int = setting(512, "most fields one template may have", ge=1, le=16000)
    max_samplers_per_source: int = setting(
        4096, "most samplers and interfaces whose rate is remembered per source", ge=1
    )
    attributes: bool = setting(
        True, "keep what of a record has no column, as attributes; without, decoding is faster"
    )
    max_elements_per_source: int = setting(
        1024, "most elements whose name and type one source may define (RFC 5610)", ge=0
    )
    elements: tuple[Path, ...] = setting(
        (), "files that name elements of enterprises, a line each: 26866.1,httpReqUrl,string"
    )
    max_pending_bytes_per_source: int = setting(
        262_144, "data kept per source until its template comes, bytes", ge=0
    )
    max_pending_bytes: int = setting(
        16_777_216, "data kept in all until its template comes, bytes", ge=0
    )
    sequence_window: int = setting(
        4096, "a sequence number this far behind is late; farther is a restart", ge=1
    )
