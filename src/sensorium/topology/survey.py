"""What the telemetry store knows of a network's shape, over a span of time.

Four questions, whose answers are rows that plain code works on: who uses whose service and which
exporters reported it, whose packets came in where, which router hands on to which, and what
interfaces are called. Each can be asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from sensorium.model.address import unpack_address
from sensorium.model.signals import Signal
from sensorium.topology.identity import Identities
from sensorium.topology.orientation import SRC_IS_SERVER

Ask = Callable[[str, dict[str, Any]], pa.Table]
"""Puts one read-only statement with its parameters to the telemetry store."""

_SPAN = """time_flow_end_ns > fromUnixTimestamp64Nano({start_ns:Int64})
      AND time_flow_end_ns <= fromUnixTimestamp64Nano({end_ns:Int64})"""

USES = f"""WITH oriented AS (
    SELECT NOT ({SRC_IS_SERVER}) AS forward,
           if(forward, src_addr, dst_addr) AS client, if(forward, dst_addr, src_addr) AS server,
           if(proto IN (6, 17, 132), if(forward, dst_port, src_port), 0) AS port, proto,
           forward AND proto = 6 AND bitAnd(tcp_flags, 18) = 2 AS failed,
           bytes * greatest(sampling_rate, 1) AS volume, sampler_address AS exporter,
           (observation_domain_id, least(in_if, out_if), greatest(in_if, out_if)) AS meter,
           time_flow_end_ns AS ended
    FROM flows
    WHERE {_SPAN}
), metered AS (
    SELECT client, server, port, proto, exporter, meter, sum(volume) AS bytes, count() AS flows,
           groupUniqArray(intDiv(toUnixTimestamp64Nano(ended), 10000000000)) AS slots,
           countIf(NOT forward) AS answers,
           min(toUnixTimestamp64Nano(ended)) AS first_ns,
           max(toUnixTimestamp64Nano(ended)) AS last_ns
    FROM oriented WHERE NOT failed
    GROUP BY client, server, port, proto, exporter, meter
)
SELECT client, server, port, proto, max(bytes) AS bytes, max(flows) AS flows,
       length(arrayDistinct(arrayFlatten(groupArray(slots)))) AS seen,
       min(first_ns) AS first_ns, max(last_ns) AS last_ns,
       arraySort(groupUniqArray(replaceOne(toString(exporter), '::ffff:', ''))) AS exporters,
       arraySort(arrayDistinct(arrayFlatten(groupArray(arrayMap(
           number -> concat(replaceOne(toString(exporter), '::ffff:', ''), '#', toString(number)),
           arrayFilter(number -> number NOT IN (0, 1073741823),
               [tupleElement(meter, 2), tupleElement(meter, 3)])))))) AS ports
FROM metered
GROUP BY client, server, port, proto
HAVING seen >= {{slots:UInt32}} AND (proto != 17 OR sum(answers) > 0)
ORDER BY bytes DESC, client, server, port, proto
LIMIT {{limit:UInt32}}"""
"""Habitual use of services: as in the agent's question, a habit is seen in ``slots`` 10-second
slots, and UDP that nothing answers is none. Bytes are those of the meter that saw most. ``ports``
are the interfaces that it was reported at, as ``exporter#ifIndex``; an exporter itself is none."""

VANTAGE = f"""SELECT src_addr AS host, sampler_address AS exporter, in_if AS interface,
       uniqExact(dst_addr) AS peers, count() AS flows
FROM flows
WHERE {_SPAN}
GROUP BY host, exporter, interface
ORDER BY host, peers DESC, flows DESC, exporter, interface
LIMIT 500000"""

NEXT_HOPS = f"""SELECT sampler_address AS exporter, next_hop AS hop, out_if AS interface,
       count() AS flows
FROM flows
WHERE {_SPAN} AND next_hop != toIPv6('::') AND next_hop != toIPv6('::ffff:0.0.0.0')
GROUP BY exporter, hop, interface
ORDER BY exporter, flows DESC, hop, interface
LIMIT 100000"""

_NAMES = """SELECT source_address, host, toUnixTimestamp64Nano(min(observed_time_ns)) AS seen
FROM logs
WHERE observed_time_ns > fromUnixTimestamp64Nano({start_ns:Int64})
  AND observed_time_ns <= fromUnixTimestamp64Nano({end_ns:Int64})
GROUP BY source_address, host ORDER BY source_address, host LIMIT 100000"""

_NODE_NAMES = """SELECT name, labels, toUnixTimestamp64Nano(min(time_ns)) AS seen
FROM metrics
WHERE name = 'node_uname_info'
  AND time_ns > fromUnixTimestamp64Nano({start_ns:Int64})
  AND time_ns <= fromUnixTimestamp64Nano({end_ns:Int64})
GROUP BY name, labels ORDER BY seen LIMIT 100000"""

_INTERFACES = """SELECT replaceAll(replaceAll(replaceRegexpOne(labels['instance'], ':[0-9]+$', ''),
                  '[', ''), ']', '') AS host,
       if(name = 'node_network_iface_id', labels['device'],
          if(labels['ifName'] != '', labels['ifName'], labels['ifDescr'])) AS interface,
       toUInt32(if(name = 'node_network_iface_id', max(value),
          toFloat64OrZero(labels['ifIndex']))) AS number
FROM metrics
WHERE time_ns > fromUnixTimestamp64Nano({start_ns:Int64})
  AND time_ns <= fromUnixTimestamp64Nano({end_ns:Int64})
  AND name IN ('node_network_iface_id', 'ifOperStatus', 'ifHCInOctets')
GROUP BY host, interface, name, labels['ifIndex']
HAVING interface != '' AND number > 0
ORDER BY host, number, interface
LIMIT 50000"""

_LAST = """SELECT toUnixTimestamp64Nano(max(time_flow_end_ns)) AS last_ns, count() AS flows
FROM flows WHERE time_flow_end_ns <= fromUnixTimestamp64Nano({until_ns:Int64})"""
LATEST_NS = (1 << 63) - 1
"""Later than any flow, Unix ns."""


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A client's habitual use of a service: what is lost where the two cannot reach each other.

    Addresses are the canonical ones; ``exporters`` are those that reported it, canonical too, and
    ``ports`` their interfaces that it ran over, each an exporter and an ifIndex. ``bytes`` are
    scaled by sampling. Times are Unix ns.
    """

    client: str
    server: str
    port: int
    proto: int
    bytes: int = 0
    flows: int = 1
    exporters: frozenset[str] = frozenset()
    first_ns: int = 0
    last_ns: int = 0
    ports: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Sight:
    """That packets which a host sent came in at an exporter's interface."""

    host: str
    exporter: str
    interface: int
    peers: int
    flows: int


@dataclass(frozen=True, slots=True)
class Survey:
    """The rows, with every address that its host is known by. ``interfaces`` has names by number.

    ``hops`` are (exporter, the router that it hands to, interface). ``cut_off`` says that there
    were more uses than were asked for; the largest are here.
    """

    start_ns: int
    end_ns: int
    uses: tuple[Use, ...]
    sights: tuple[Sight, ...]
    hops: tuple[tuple[str, str, int], ...]
    interfaces: dict[tuple[str, int], str]
    identities: Identities
    cut_off: bool = False

    def interface(self, exporter: str, number: int) -> str:
        """``ge1``, or the number where no name is known."""
        return self.interfaces.get((exporter, number), str(number))


def last_flow_ns(ask: Ask, until_ns: int = LATEST_NS) -> int:
    """When the last flow ended that ended by ``until_ns``, Unix ns; 0 where there is none."""
    row = ask(_LAST, {"until_ns": until_ns}).to_pylist()[0]
    return int(row["last_ns"]) if row["flows"] else 0


def take_survey(
    ask: Ask,
    start_ns: int,
    end_ns: int,
    *,
    slots: int = 3,
    limit: int = 200_000,
    stated: Iterable[tuple[str, str]] = (),
) -> Survey:
    """Ask about a span of time, Unix ns. ``stated`` are names and addresses known beforehand."""
    span = {"start_ns": start_ns, "end_ns": end_ns}
    identities = _identities(ask, span, stated)
    home = identities.canonical
    rows = ask(USES, {**span, "slots": slots, "limit": limit + 1}).to_pylist()
    uses = (_use(row, home) for row in rows[:limit])
    sights = (
        Sight(
            home(unpack_address(row["host"])),
            home(unpack_address(row["exporter"])),
            row["interface"],
            row["peers"],
            row["flows"],
        )
        for row in ask(VANTAGE, span).to_pylist()
    )
    hops = {
        (
            home(unpack_address(row["exporter"])),
            home(unpack_address(row["hop"])),
            row["interface"],
        )
        for row in ask(NEXT_HOPS, span).to_pylist()
    }
    interfaces = {
        (home(row["host"]), row["number"]): row["interface"]
        for row in reversed(ask(_INTERFACES, span).to_pylist())
    }
    return Survey(
        start_ns,
        end_ns,
        tuple(sorted(_whole(uses))),
        tuple(sights),
        tuple(sorted(hops)),
        interfaces,
        identities,
        cut_off=len(rows) > limit,
    )


def _use(row: dict[str, Any], home: Callable[[str], str]) -> Use:
    return Use(
        home(unpack_address(row["client"])),
        home(unpack_address(row["server"])),
        row["port"],
        row["proto"],
        row["bytes"],
        row["flows"],
        frozenset(home(exporter) for exporter in row["exporters"]),
        row["first_ns"],
        row["last_ns"],
        frozenset(_port(port, home) for port in row["ports"]),
    )


def _port(text: str, home: Callable[[str], str]) -> tuple[str, int]:
    exporter, _, number = text.rpartition("#")
    return home(exporter), int(number)


def _identities(ask: Ask, span: dict[str, Any], stated: Iterable[tuple[str, str]]) -> Identities:
    identities = Identities()
    for sql, signal, time in (
        (_NAMES, Signal.LOGS, "observed_time_ns"),
        (_NODE_NAMES, Signal.METRICS, "time_ns"),
    ):
        table = ask(sql, span)
        names = [time if name == "seen" else name for name in table.column_names]
        for batch in table.rename_columns(names).to_batches():
            identities.observe(signal, batch)
    identities.state_all(stated)
    identities.advance(span["end_ns"])
    return identities


def _whole(uses: Iterable[Use]) -> list[Use]:
    """One use per client, server and port, where several addresses are one host's."""
    found: dict[tuple[str, str, int, int], Use] = {}
    for use in uses:
        key = (use.client, use.server, use.port, use.proto)
        known = found.get(key)
        if known is not None:
            use = Use(  # noqa: PLW2901  # what was known and what is new are one use
                *key,
                known.bytes + use.bytes,
                known.flows + use.flows,
                known.exporters | use.exporters,
                min(known.first_ns, use.first_ns),
                max(known.last_ns, use.last_ns),
                known.ports | use.ports,
            )
        if use.client != use.server:
            found[key] = use
    return list(found.values())
