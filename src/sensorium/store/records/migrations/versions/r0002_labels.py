"""What people say of incidents, and each incident as it was when it was first kept.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sensorium.store.records.types import Json, Words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables. Incidents that are there already have no opening: what was known of them
    at the start is not known any more."""
    op.create_table(
        "incident_labels",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("incident_id", sa.String(32), sa.ForeignKey("incidents.id"), nullable=False),
        sa.Column("opinion", sa.String(16), nullable=False),
        sa.Column("actor", Words, nullable=False),
        sa.Column("note", Words, nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_incident_labels_incident_id", "incident_labels", ["incident_id"])
    op.create_table(
        "incident_openings",
        sa.Column(
            "incident_id",
            sa.String(32),
            sa.ForeignKey("incidents.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("surprise", sa.Float, nullable=False),
        sa.Column("change_ref", Words, nullable=False),
        sa.Column("hosts", Json, nullable=False),
        sa.Column("anomaly_ids", Json, nullable=False),
        sa.Column("anomalies", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Not offered: going back would throw away what people said."""
    raise NotImplementedError("the records store does not go back to before labels")
