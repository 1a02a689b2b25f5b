"""The tables: columns, codecs and sort keys, chosen for what an investigation asks.

Every table is partitioned by the day a row was *stored*, never by a time that came over the
network: an exporter with a broken clock could otherwise open a partition per record. Rows are
found by event time through the sort key, and old partitions are dropped whole.

The five-minute bucket that leads the keys keeps a host's rows of one span together, so that
"this host, these minutes" reads a few granules; minmax and bloom-filter indexes serve the other
time column and the other end of a flow.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from sensorium.model.signals import Signal

_TIME = "DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1))"
_WORD = "LowCardinality(String)"
_SMALL = "CODEC(T64, ZSTD(1))"
_LABELS = "Map(String, String)"
_STORED = "stored_at DateTime('UTC') MATERIALIZED now() CODEC(Delta, ZSTD(1))"
# A row that comes again after a crash must fall into the same partition, where the store knows it
# by its token: what is journalled says itself when it was accepted. The column is never stored.
_ACCEPTED = "accepted_at DateTime('UTC') EPHEMERAL now()"
_STORED_AS_ACCEPTED = "stored_at DateTime('UTC') MATERIALIZED accepted_at CODEC(Delta, ZSTD(1))"
_SERIES_LABELS = "series_labels LowCardinality(String) CODEC(LZ4)"
_LABELS_OF_SERIES = f"labels {_LABELS} ALIAS JSONExtract(series_labels, '{_LABELS}')"

LOG_TEMPLATES = pa.schema(
    [("template_id", pa.uint64()), ("template", pa.string()), ("first_seen_ns", pa.int64())]
)
"""What a log template is called by, its text with wildcards, and when it was first met."""

CABLES = pa.schema(
    [
        ("snapshot", pa.string()),
        ("told_ns", pa.int64()),
        *((name, pa.string()) for name in ("one", "one_kind", "one_site", "one_port")),
        *((name, pa.string()) for name in ("other", "other_kind", "other_site", "other_port")),
        ("source", pa.string()),
    ]
)
"""What inventory files said is cabled to what: all rows of one ``snapshot`` were said together."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the store; ``ddl`` creates it as it is now, without settings and retention."""

    name: str
    ddl: str


FLOWS = Table(
    "flows",
    f"""
    CREATE TABLE IF NOT EXISTS flows (
        type {_WORD},
        time_received_ns {_TIME},
        time_flow_start_ns {_TIME},
        time_flow_end_ns {_TIME},
        sampler_address IPv6 CODEC(ZSTD(1)),
        observation_domain_id UInt32 {_SMALL},
        sequence_num UInt32 CODEC(Delta, ZSTD(1)),
        sampling_rate UInt64 {_SMALL},
        src_addr IPv6 CODEC(ZSTD(1)),
        dst_addr IPv6 CODEC(ZSTD(1)),
        src_port UInt16 CODEC(LZ4),
        dst_port UInt16 CODEC(ZSTD(1)),
        proto UInt8 CODEC(ZSTD(1)),
        tcp_flags UInt16 CODEC(ZSTD(1)),
        bytes UInt64 {_SMALL},
        packets UInt64 {_SMALL},
        in_if UInt32 {_SMALL},
        out_if UInt32 {_SMALL},
        src_as UInt32 {_SMALL},
        dst_as UInt32 {_SMALL},
        src_mask UInt8 CODEC(ZSTD(1)),
        dst_mask UInt8 CODEC(ZSTD(1)),
        next_hop IPv6 CODEC(ZSTD(1)),
        etype UInt16 CODEC(ZSTD(1)),
        src_vlan UInt16 CODEC(ZSTD(1)),
        dst_vlan UInt16 CODEC(ZSTD(1)),
        mpls_label UInt32 {_SMALL},
        icmp_type UInt8 CODEC(ZSTD(1)),
        icmp_code UInt8 CODEC(ZSTD(1)),
        ip_tos UInt8 CODEC(ZSTD(1)),
        flow_direction UInt8 CODEC(ZSTD(1)),
        src_mac UInt64 CODEC(ZSTD(1)),
        dst_mac UInt64 CODEC(ZSTD(1)),
        attributes {_LABELS} CODEC(ZSTD(1)),
        {_STORED_AS_ACCEPTED},
        {_ACCEPTED},
        INDEX received time_received_ns TYPE minmax GRANULARITY 1,
        INDEX source src_addr TYPE bloom_filter(0.01) GRANULARITY 1
    )
    ENGINE = MergeTree
    PARTITION BY toDate(stored_at, 'UTC')
    ORDER BY (toStartOfFiveMinutes(time_flow_end_ns), dst_addr, dst_port, src_addr,
              time_flow_end_ns)
    """,
)

LOGS = Table(
    "logs",
    f"""
    CREATE TABLE IF NOT EXISTS logs (
        time_ns {_TIME},
        observed_time_ns {_TIME},
        source_address IPv6 CODEC(ZSTD(1)),
        severity_number UInt8 CODEC(ZSTD(1)),
        severity_text {_WORD},
        host {_WORD},
        app {_WORD},
        proc_id String CODEC(ZSTD(1)),
        body String CODEC(ZSTD(3)),
        attributes {_LABELS} CODEC(ZSTD(1)),
        template_id UInt64 CODEC(ZSTD(1)),
        {_STORED_AS_ACCEPTED},
        {_ACCEPTED},
        INDEX observed observed_time_ns TYPE minmax GRANULARITY 1,
        INDEX template template_id TYPE bloom_filter(0.01) GRANULARITY 1
    )
    ENGINE = MergeTree
    PARTITION BY toDate(stored_at, 'UTC')
    ORDER BY (toStartOfFiveMinutes(time_ns), source_address, template_id, time_ns)
    """,
)

METRICS = Table(
    "metrics",
    f"""
    CREATE TABLE IF NOT EXISTS metrics (
        time_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
        series_id UInt64 CODEC(ZSTD(1)),
        name {_WORD},
        {_LABELS_OF_SERIES},
        value Float64 CODEC(Gorilla, ZSTD(1)),
        kind {_WORD},
        {_SERIES_LABELS},
        {_STORED_AS_ACCEPTED},
        {_ACCEPTED},
        INDEX sampled time_ns TYPE minmax GRANULARITY 1
    )
    ENGINE = MergeTree
    PARTITION BY toDate(stored_at, 'UTC')
    ORDER BY (name, series_id, time_ns)
    """,
)

# A calendar is read again and again: the same occurrence replaces itself (ask with FINAL).
CHANGES = Table(
    "changes",
    f"""
    CREATE TABLE IF NOT EXISTS changes (
        start_ns {_TIME},
        end_ns {_TIME},
        kind {_WORD},
        source {_WORD},
        scope String CODEC(ZSTD(1)),
        title String CODEC(ZSTD(1)),
        ref String CODEC(ZSTD(1)),
        {_STORED}
    )
    ENGINE = ReplacingMergeTree
    ORDER BY (source, ref)
    """,
)

# Templates are few and never expire; what was told last of one wins when parts merge.
TEMPLATES = Table(
    "log_templates",
    """
    CREATE TABLE IF NOT EXISTS log_templates (
        template_id UInt64,
        template SimpleAggregateFunction(anyLast, String) CODEC(ZSTD(1)),
        first_seen_ns SimpleAggregateFunction(min, DateTime64(9, 'UTC'))
    )
    ENGINE = AggregatingMergeTree
    ORDER BY template_id
    """,
)

# What an inventory said stays, so that whoever cited it can ask again when it says something else.
CABLING = Table(
    "cables",
    f"""
    CREATE TABLE IF NOT EXISTS cables (
        snapshot {_WORD},
        told_ns DateTime64(9, 'UTC'),
        one String, one_kind {_WORD}, one_site {_WORD}, one_port String,
        other String, other_kind {_WORD}, other_site {_WORD}, other_port String,
        source {_WORD}
    )
    ENGINE = ReplacingMergeTree
    ORDER BY (snapshot, one, one_port, other, other_port, source)
    """,
)

FLOW_ATTRIBUTES = f"""
    ALTER TABLE flows ADD COLUMN IF NOT EXISTS attributes {_LABELS} CODEC(ZSTD(1)) AFTER dst_mac
    """
"""For stores made before flows had ``attributes``; their rows have none."""

ACCEPTED_AT = tuple(
    f"ALTER TABLE {table} {change}"
    for table in ("flows", "logs", "metrics")
    for change in (
        f"ADD COLUMN IF NOT EXISTS {_ACCEPTED}",
        f"MODIFY COLUMN {_STORED_AS_ACCEPTED}",
    )
)

# Keys that are dictionary-encoded cost a merge of samples more than all else in it, and save
# nothing on disk: sorted by series, labels repeat. What repeats so, and what never does, LZ4 packs
# as well as ZSTD.
PLAIN_LABELS = (
    f"ALTER TABLE flows MODIFY COLUMN attributes {_LABELS} CODEC(ZSTD(1))",
    "ALTER TABLE flows MODIFY COLUMN src_port UInt16 CODEC(LZ4)",
    f"ALTER TABLE logs MODIFY COLUMN attributes {_LABELS} CODEC(ZSTD(1))",
    f"ALTER TABLE metrics MODIFY COLUMN labels {_LABELS} CODEC(LZ4)",
)

LABELS_AS_TEXT = (
    f"ALTER TABLE metrics ADD COLUMN IF NOT EXISTS {_SERIES_LABELS} AFTER kind",
    "ALTER TABLE metrics UPDATE series_labels = toJSONString(labels) WHERE series_labels = ''"
    " SETTINGS mutations_sync = 2",
    f"ALTER TABLE metrics MODIFY COLUMN labels REMOVE CODEC, MODIFY COLUMN {_LABELS_OF_SERIES}",
)
"""Labels of samples become a text that repeats, which ``labels`` is read from."""

LABELS_ARE_TEXT = """
    SELECT count() FROM system.columns WHERE database = currentDatabase()
    AND table = 'metrics' AND name = 'labels' AND default_kind = 'ALIAS'
    """

TABLE_OF: dict[Signal, Table] = {
    Signal.FLOWS: FLOWS,
    Signal.LOGS: LOGS,
    Signal.METRICS: METRICS,
    Signal.CHANGES: CHANGES,
}

TABLES = (*TABLE_OF.values(), TEMPLATES, CABLING)
