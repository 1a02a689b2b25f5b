"""Which metrics of a host changed: errors, drops, latency, carrier, reachability."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "metric_changes"

INTERESTING = (
    r"^(up"
    r"|node_network_(carrier|up|carrier_down_changes_total)"
    r"|node_network_(receive|transmit)_(drop|errs)_total"
    r"|node_qdisc_drops_total|ifIn(Discards|Errors)|ifOut(Discards|Errors)"
    r"|.*requests?_total|.*errors?(_.*)?_total|.*fail(ed|ures?)(_.*)?_total"
    r"|.*(duration|latency|response_time)_seconds_(sum|count)"
    r"|.*connections?(_in_use|_active|_used)?)$"
)

# A gauge without a sample before, whose median there is none, is as it was at the least during.
# A counter is what only grows: its increase is summed over steps that do not go down, so that a
# restart does not count as negative.
QUERY = """WITH samples AS (
    SELECT name, series_id, any(labels) AS labelled, toUnixTimestamp64Nano(time_ns) AS at,
           round(any(value), 6) AS v
    FROM metrics
    WHERE time_ns > fromUnixTimestamp64Nano({start_ns:Int64})
      AND time_ns <= fromUnixTimestamp64Nano(least({end_ns:Int64}, {until_ns:Int64}))
      AND match(name, {names:String})
      AND isFinite(value)
      AND has({hosts:Array(String)},
              replaceAll(replaceAll(replaceRegexpOne(labels['instance'], ':[0-9]+$', ''),
                         '[', ''), ']', ''))
    GROUP BY name, series_id, time_ns
),
steps AS (
    SELECT *, lagInFrame(v, 1, v) OVER w AS prior, at > {during_ns:Int64} AS now
    FROM samples
    WINDOW w AS (PARTITION BY name, series_id ORDER BY at
                 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT labelled['instance'] AS instance, name,
       arrayStringConcat(arraySort(arrayMap(k -> k || '=' || labelled[k],
           arrayFilter(k -> k NOT IN ('instance', 'job', 'le', '__name__'),
                       mapKeys(labelled)))), ',') AS label,
       if(match(name, '(_total|_sum|_count|Discards|Errors)$'), 'increase', 'level') AS measure,
       countIf(now) AS samples, countIf(NOT now) AS samples_before,
       if(measure = 'increase',
          round(toFloat64(sumIf(toDecimal128(greatest(v - prior, 0), 6), now)), 3),
          round(toFloat64(minIf(v, now)), 3)) AS during_low,
       if(measure = 'increase', during_low, round(toFloat64(maxIf(v, now)), 3)) AS during_high,
       if(measure = 'increase',
          round(toFloat64(sumIf(toDecimal128(greatest(v - prior, 0), 6), NOT now)), 3),
          ifNotFinite(round(toFloat64(quantileExactIf(v, NOT now)), 3), during_low)) AS before,
       minIf(at, now AND ((measure = 'increase' AND v > prior)
                          OR (measure = 'level' AND v != prior))) AS first_moved_ns
FROM steps
GROUP BY name, series_id, labelled
HAVING samples > 0 OR samples_before > 0
ORDER BY instance, name, label, series_id
LIMIT 400"""


def metric_changes(box: Toolbox, hosts: tuple[str, ...], extra: tuple[str, ...] = ()) -> Answer:
    """Counters' increase and gauges' range during the incident, with before's.

    Asked are the metrics that Prometheus exporters by custom name as errors, drops, failures,
    request counts and durations, carrier and ``up``, and the names in ``extra``. Rows: instance,
    name, labels, what is measured, low and high during, before (an increase, or a median).
    """
    windows = box.windows
    whole = windows.whole
    names = INTERESTING
    if extra:
        names = f"{INTERESTING[:-2]}|{'|'.join(sorted(set(extra)))})$"
    return box.ask(
        NAME,
        "error, drop, latency and reachability metrics, during the incident and before",
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "names": names,
            "during_ns": windows.during.start_ns,
            **span_parameters(whole, windows.until_ns),
        },
    )
