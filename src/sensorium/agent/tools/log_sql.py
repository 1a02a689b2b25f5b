"""SQL that all log questions share: which lines count, and a line's template.

The template is the line with its numbers, addresses and long hexadecimal words masked. It is
worked out from the text alone, so the same line always has the same template, unlike the ids of
a miner that learns.
"""

from __future__ import annotations

LINES = """lines AS (
    SELECT toUnixTimestamp64Nano(time_ns) AS at_ns,
           replaceOne(toString(source_address), '::ffff:', '') AS source,
           host, app, severity_number, substring(body, 1, 400) AS line,
           replaceRegexpAll(
               replaceRegexpAll(line, '\\\\b[0-9a-fA-F]{8,}\\\\b', '#'),
               '[0-9]+', '#') AS template,
           time_ns > fromUnixTimestamp64Nano({during_ns:Int64}) AS now
    FROM logs
    WHERE observed_time_ns <= fromUnixTimestamp64Nano({until_ns:Int64})
      AND time_ns > fromUnixTimestamp64Nano({start_ns:Int64})
      AND time_ns <= fromUnixTimestamp64Nano({end_ns:Int64})
      AND (empty({hosts:Array(String)})
           OR has(arrayMap(h -> toIPv6(h), {hosts:Array(String)}), source_address))
)"""
