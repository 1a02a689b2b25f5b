"""How much each interface of an exporter carried, and when it fell silent."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox
from sensorium.agent.window import SECOND_NS

NAME = "interface_counters"
BUCKET_NS = 10 * SECOND_NS

# A flow's bytes are spread over the 10 s buckets it lasted, in whole numbers, so that an active
# timeout does not look like a burst and the sum does not depend on the order of adding.
QUERY = """WITH spread AS (
    SELECT sampler_address, in_if, out_if, bytes * greatest(sampling_rate, 1) AS volume,
           toUnixTimestamp64Nano(time_flow_start_ns) AS s,
           greatest(toUnixTimestamp64Nano(time_flow_end_ns), s + 1) AS e,
           arrayJoin(range(intDiv(s, {bucket_ns:Int64}), intDiv(e - 1, {bucket_ns:Int64}) + 1))
               AS bucket,
           least(e, (bucket + 1) * {bucket_ns:Int64}) - greatest(s, bucket * {bucket_ns:Int64})
               AS overlap
    FROM flows
    WHERE time_received_ns <= fromUnixTimestamp64Nano({until_ns:Int64})
      AND time_flow_end_ns > fromUnixTimestamp64Nano({start_ns:Int64})
      AND time_flow_end_ns <= fromUnixTimestamp64Nano({end_ns:Int64})
      AND time_flow_end_ns - time_flow_start_ns < 3600
      AND has(arrayMap(h -> toIPv6(h), {exporters:Array(String)}), sampler_address)
),
buckets AS (
    SELECT sampler_address, interface, direction, bucket,
           sum(intDiv(toInt128(volume) * overlap, e - s)) AS carried,
           bucket * {bucket_ns:Int64} >= {during_ns:Int64} AS now
    FROM (
        SELECT *, arrayJoin([(in_if, 'in'), (out_if, 'out')]) AS side,
               side.1 AS interface, side.2 AS direction
        FROM spread
    )
    WHERE interface > 0 AND bucket * {bucket_ns:Int64} BETWEEN {start_ns:Int64} AND {end_ns:Int64}
    GROUP BY sampler_address, interface, direction, bucket
)
SELECT replaceOne(toString(sampler_address), '::ffff:', '') AS exporter, interface, direction,
       toInt64(quantileExactIf(carried, NOT now)) AS median_before,
       toInt64(maxIf(carried, NOT now)) AS peak_before,
       toInt64(quantileExactIf(carried, now)) AS median_during,
       toInt64(maxIf(carried, now)) AS peak_during,
       countIf(NOT now) AS active_before, countIf(now) AS active_during,
       arrayCount(c -> c * 10 >= 9 * peak_during, groupArrayIf(carried, now))
           AS near_peak_during,
       arrayMin(arrayMap(p -> p.1, arrayFilter(
           p -> p.2 * 10 >= 9 * peak_during, groupArrayIf((bucket, carried), now))))
           * {bucket_ns:Int64} AS peak_start_ns,
       arraySort(groupArrayIf(bucket, now)) AS seen,
       arrayMax(arrayPushBack(arrayPopFront(arrayDifference(seen)), 0)) AS longest_gap,
       if(longest_gap > 1,
          (seen[indexOf(arrayDifference(seen), longest_gap) - 1] + 1) * {bucket_ns:Int64}, 0)
          AS gap_start_ns
FROM buckets
GROUP BY sampler_address, interface, direction
ORDER BY exporter, interface, direction
LIMIT 80"""

_OUTER = f"""SELECT * EXCEPT (seen)
FROM (
{QUERY}
)
ORDER BY exporter, interface, direction"""


def interface_counters(box: Toolbox, exporters: tuple[str, ...]) -> Answer:
    """Bytes per 10 s on each interface: usual, peak, and the longest silence.

    Rows: one per exporter, interface (SNMP ifIndex) and direction. ``active_*`` count the 10 s
    buckets in which anything passed, ``longest_gap`` is in buckets.
    """
    windows = box.windows
    whole = windows.whole
    return box.ask(
        NAME,
        "bytes per 10 s on each interface, during the incident and before",
        _OUTER,
        {
            "exporters": box.addresses(exporters),
            "bucket_ns": BUCKET_NS,
            "during_ns": windows.during.start_ns,
            **span_parameters(whole, windows.until_ns),
        },
    )
