"""The tables of the records store, as SQLAlchemy sees them; the migrations build them.

Ids derive from content, so most rows refer to each other by value: an anomaly or an evidence may
be stored before its incident is, or outlive it. Foreign keys stand where one transaction writes
both sides.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

from sensorium.store.records.types import Json, Words

METADATA = MetaData()

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("state", String(32), nullable=False, index=True),
    Column("severity", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("title", Words, nullable=False),
    Column("start_ns", BigInteger, nullable=False, index=True),
    Column("end_ns", BigInteger, nullable=False),
    Column("hosts", Json, nullable=False),
    Column("surprise", Float, nullable=False),
    Column("change_ref", Words, nullable=False),
    Column("proof", Words, nullable=False),
    Column("brief_path", Words, nullable=False),
    Column("revision", Integer, nullable=False),
)

INCIDENT_ANOMALIES = Table(
    "incident_anomalies",
    METADATA,
    Column("incident_id", ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("anomaly_id", String(32), primary_key=True),
    Column("position", Integer, nullable=False),
    Index("ix_incident_anomalies_anomaly_id", "anomaly_id"),
)

INCIDENT_EVENTS = Table(
    "incident_events",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column(
        "incident_id",
        ForeignKey("incidents.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("at_ns", BigInteger, nullable=False),
    Column("from_state", String(32), nullable=False),
    Column("to_state", String(32), nullable=False),
    Column("revision", Integer, nullable=False),
)

INCIDENT_LABELS = Table(
    "incident_labels",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("opinion", String(16), nullable=False),
    Column("actor", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
)

INCIDENT_OPENINGS = Table(
    "incident_openings",
    METADATA,
    Column("incident_id", ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("at_ns", BigInteger, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("surprise", Float, nullable=False),
    Column("change_ref", Words, nullable=False),
    Column("hosts", Json, nullable=False),
    Column("anomaly_ids", Json, nullable=False),
    Column("anomalies", Integer, nullable=False),
)

INCIDENT_GROUPS = Table(
    "incident_groups",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("content", Json, nullable=False),
)

ANOMALIES = Table(
    "anomalies",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("start_ns", BigInteger, nullable=False, index=True),
    Column("end_ns", BigInteger, nullable=False),
    Column("entity_kind", String(32), nullable=False),
    Column("entity_key", Words, nullable=False),
    Column("signal", String(16), nullable=False),
    Column("detector", String(64), nullable=False),
    Column("score", Float, nullable=False),
    Column("tail_probability", Float, nullable=False),
    Column("features", Json, nullable=False),
    Column("hosts", Json, nullable=False),
    Column("peers", Json, nullable=False),
    Column("summary", Words, nullable=False),
)

EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("incident_id", String(32), primary_key=True),
    Column("title", Words, nullable=False),
    Column("source", String(16), nullable=False),
    Column("query", Words, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("columns", Json, nullable=False),
    Column("rows", Json, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Index("ix_evidence_incident_id", "incident_id"),
)

BRIEFS = Table(
    "briefs",
    METADATA,
    Column("incident_id", String(32), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("markdown", Words, nullable=False),
    Column("findings", Json, nullable=False),
    Column("digest", String(64), nullable=False),
)

ACTIONS = Table(
    "actions",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("incident_id", String(32), nullable=False, index=True),
    Column("title", Words, nullable=False),
    Column("risk", String(16), nullable=False),
    Column("content", Json, nullable=False),
)

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("incident_id", String(32), nullable=False, index=True),
    Column("action_digest", ForeignKey("actions.digest"), nullable=False, unique=True),
    Column("state", String(16), nullable=False, index=True),
    Column("requested_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger, nullable=False),
    Column("decided_ns", BigInteger, nullable=False),
    Column("actor", Words, nullable=False),
    Column("reason", Words, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("subject", Words, nullable=False, index=True),
    Column("actor", Words, nullable=False),
    Column("detail", Json, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

CHANGES = Table(
    "changes",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("source", Words, nullable=False),
    Column("ref", Words, nullable=False),
    Column("start_ns", BigInteger, nullable=False, index=True),
    Column("end_ns", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("scope", Json, nullable=False),
    Column("title", Words, nullable=False),
)

META = Table(
    "meta",
    METADATA,
    Column("key", String(128), primary_key=True),
    Column("value", Words, nullable=False),
)
