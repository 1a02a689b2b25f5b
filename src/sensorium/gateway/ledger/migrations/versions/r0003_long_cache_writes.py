"""Rows tell apart what was written to a provider's cache for an hour, which costs more.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; rows from before do not know."""
    op.add_column("gateway_attempts", sa.Column("cache_write_long_tokens", sa.BigInteger))
