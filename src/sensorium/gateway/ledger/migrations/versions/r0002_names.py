"""Names are unique in an organisation; rotated keys count as one; end users' rows are found.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add an index for each, and the column."""
    op.create_index(
        "ix_gateway_subjects_name",
        "gateway_subjects",
        ["organisation_id", "kind", "name"],
        unique=True,
    )
    op.add_column(
        "gateway_keys",
        sa.Column("counts_as", sa.String(64), nullable=False, server_default=""),
    )
    has_end_user = sa.text("end_user <> ''")
    op.create_index(
        "ix_gateway_attempts_end_user",
        "gateway_attempts",
        ["organisation_id", "end_user"],
        sqlite_where=has_end_user,
        postgresql_where=has_end_user,
    )
