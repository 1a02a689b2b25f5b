"""What grouping knows beyond the incidents, so that a restart goes on as if there had been none.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sensorium.store.records.types import Json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. It stays empty until a window is closed; a start before that goes on from
    incidents and anomalies alone, as starts did before."""
    op.create_table(
        "incident_groups",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("content", Json, nullable=False),
    )


def downgrade() -> None:
    """Drop it again: what it holds can be done without."""
    op.drop_table("incident_groups")
