"""The first tables: incidents, anomalies, evidence, briefs, actions, approvals, audit, changes.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sensorium.store.records.types import Json, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    _incidents()
    _anomalies()
    _reasoning()
    _decisions()
    _context()


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("title", Words, nullable=False),
        sa.Column("start_ns", sa.BigInteger, nullable=False),
        sa.Column("end_ns", sa.BigInteger, nullable=False),
        sa.Column("hosts", Json, nullable=False),
        sa.Column("surprise", sa.Float, nullable=False),
        sa.Column("change_ref", Words, nullable=False),
        sa.Column("proof", Words, nullable=False),
        sa.Column("brief_path", Words, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_index("ix_incidents_state", "incidents", ["state"])
    op.create_index("ix_incidents_start_ns", "incidents", ["start_ns"])
    op.create_table(
        "incident_anomalies",
        sa.Column(
            "incident_id",
            sa.String(32),
            sa.ForeignKey("incidents.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("anomaly_id", sa.String(32), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_index("ix_incident_anomalies_anomaly_id", "incident_anomalies", ["anomaly_id"])
    op.create_table(
        "incident_events",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "incident_id",
            sa.String(32),
            sa.ForeignKey("incidents.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("from_state", sa.String(32), nullable=False),
        sa.Column("to_state", sa.String(32), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_index("ix_incident_events_incident_id", "incident_events", ["incident_id"])


def _anomalies() -> None:
    op.create_table(
        "anomalies",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("start_ns", sa.BigInteger, nullable=False),
        sa.Column("end_ns", sa.BigInteger, nullable=False),
        sa.Column("entity_kind", sa.String(32), nullable=False),
        sa.Column("entity_key", Words, nullable=False),
        sa.Column("signal", sa.String(16), nullable=False),
        sa.Column("detector", sa.String(64), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("tail_probability", sa.Float, nullable=False),
        sa.Column("features", Json, nullable=False),
        sa.Column("hosts", Json, nullable=False),
        sa.Column("peers", Json, nullable=False),
        sa.Column("summary", Words, nullable=False),
    )
    op.create_index("ix_anomalies_start_ns", "anomalies", ["start_ns"])


def _reasoning() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("incident_id", sa.String(32), primary_key=True),
        sa.Column("title", Words, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("query", Words, nullable=False),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("columns", Json, nullable=False),
        sa.Column("rows", Json, nullable=False),
        sa.Column("row_count", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    op.create_index("ix_evidence_incident_id", "evidence", ["incident_id"])
    op.create_table(
        "briefs",
        sa.Column("incident_id", sa.String(32), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("markdown", Words, nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )


def _decisions() -> None:
    op.create_table(
        "actions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("incident_id", sa.String(32), nullable=False),
        sa.Column("title", Words, nullable=False),
        sa.Column("risk", sa.String(16), nullable=False),
        sa.Column("content", Json, nullable=False),
    )
    op.create_index("ix_actions_incident_id", "actions", ["incident_id"])
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("incident_id", sa.String(32), nullable=False),
        sa.Column(
            "action_digest",
            sa.String(64),
            sa.ForeignKey("actions.digest"),
            nullable=False,
            unique=True,
        ),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("requested_ns", sa.BigInteger, nullable=False),
        sa.Column("expires_ns", sa.BigInteger, nullable=False),
        sa.Column("decided_ns", sa.BigInteger, nullable=False),
        sa.Column("actor", Words, nullable=False),
        sa.Column("reason", Words, nullable=False),
    )
    op.create_index("ix_approvals_incident_id", "approvals", ["incident_id"])
    op.create_index("ix_approvals_state", "approvals", ["state"])
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("subject", Words, nullable=False),
        sa.Column("actor", Words, nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])


def _context() -> None:
    op.create_table(
        "changes",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("source", Words, nullable=False),
        sa.Column("ref", Words, nullable=False),
        sa.Column("start_ns", sa.BigInteger, nullable=False),
        sa.Column("end_ns", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("scope", Json, nullable=False),
        sa.Column("title", Words, nullable=False),
    )
    op.create_index("ix_changes_start_ns", "changes", ["start_ns"])
    op.create_table(
        "meta",
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("value", Words, nullable=False),
    )


def downgrade() -> None:
    """Not offered: going back would throw decisions away."""
    raise NotImplementedError("the records store does not go back before its first revision")
