"""The first tables: attempts, accounts, limits, subjects, keys, and the audit log.

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
    _attempts()
    _keep_attempts()
    _accounts()
    _subjects()
    _audit()


def _numbers(names: str, *, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=nullable) for name in names.split()]


def _attempts() -> None:
    op.create_table(
        "gateway_attempts",
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        *(
            sa.Column(name, sa.String(64), nullable=False)
            for name in ("key_id", "user_id", "team_id", "organisation_id")
        ),
        *(
            sa.Column(name, Words, nullable=False)
            for name in ("end_user", "route", "deployment", "provider", "model", "privacy")
        ),
        sa.Column("price_version", sa.String(64), nullable=False),
        *_numbers("worst", nullable=True),
        *_numbers("worst_tokens lease_until_ns started_ns"),
        sa.Column("first_byte_ns", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("ended_ns", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("status", sa.String(32), nullable=False, server_default=""),
        sa.Column("failure", sa.String(32), nullable=False, server_default=""),
        *_numbers(
            "cost input_tokens output_tokens cache_read_tokens cache_write_tokens reasoning_tokens",
            nullable=True,
        ),
        sa.Column("cached", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("policy", Words, nullable=False, server_default=""),
    )
    op.create_index("ix_gateway_attempts_started_ns", "gateway_attempts", ["started_ns"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_gateway_attempts_open",
        "gateway_attempts",
        ["lease_until_ns"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _keep_attempts() -> None:
    """A row is written when an attempt opens and completed once; nothing can be taken back."""
    why = "the ledger is append-only"
    if op.get_bind().dialect.name == "sqlite":
        for event, when in (("UPDATE", "WHEN OLD.state = 'settled' "), ("DELETE", "")):
            op.execute(
                f"CREATE TRIGGER gateway_attempts_{event.lower()} BEFORE {event} "
                f"ON gateway_attempts {when}BEGIN SELECT RAISE(ABORT, '{why}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION gateway_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{why}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER gateway_attempts_update BEFORE UPDATE ON gateway_attempts FOR EACH ROW "
        "WHEN (OLD.state = 'settled') EXECUTE FUNCTION gateway_append_only()"
    )
    op.execute(
        "CREATE TRIGGER gateway_attempts_delete BEFORE DELETE ON gateway_attempts FOR EACH ROW "
        "EXECUTE FUNCTION gateway_append_only()"
    )


def _accounts() -> None:
    op.create_table(
        "gateway_accounts",
        sa.Column("scope", sa.Text, primary_key=True),
        *_numbers("period_start_ns settled reserved calls"),
        *_numbers("minute requests tokens last_requests last_tokens"),
    )
    op.create_table(
        "gateway_limits",
        sa.Column("scope", sa.Text, primary_key=True),
        *_numbers("budget", nullable=True),
        sa.Column("period", sa.String(16), nullable=False),
        *_numbers("requests_per_minute tokens_per_minute concurrency", nullable=True),
    )


def _subjects() -> None:
    op.create_table(
        "gateway_subjects",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("parent_id", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.String(64), nullable=False, index=True),
        sa.Column("name", Words, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("allowed_models", Json, nullable=False),
        sa.Column("privacy", Words, nullable=False),
        *_numbers("created_ns disabled_ns"),
    )
    op.create_table(
        "gateway_keys",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("prefix", sa.String(32), nullable=False, unique=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.Column("owner_id", sa.String(64), nullable=False, index=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("allowed_models", Json, nullable=False),
        sa.Column("privacy", Words, nullable=False),
        *_numbers("created_ns expires_ns revoked_ns"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("subject", Words, nullable=False, index=True),
        sa.Column("actor", Words, nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("value", Words, nullable=False),
    )
