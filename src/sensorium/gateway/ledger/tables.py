"""The tables of the gateway's database: attempts, accounts, limits; who may call; the audit log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

from sensorium.store.records.tables import AUDIT as RECORDS_AUDIT
from sensorium.store.records.tables import META as RECORDS_META
from sensorium.store.records.types import Json, Words

METADATA = MetaData()

ATTEMPTS = Table(
    "gateway_attempts",
    METADATA,
    Column("request_id", String(64), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("state", String(16), nullable=False),  # open, settled, abandoned
    Column("key_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("team_id", String(64), nullable=False),
    Column("organisation_id", String(64), nullable=False),
    Column("end_user", Words, nullable=False),
    Column("route", Words, nullable=False),
    Column("deployment", Words, nullable=False),
    Column("provider", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("privacy", Words, nullable=False),
    Column("price_version", String(64), nullable=False),
    Column("worst", BigInteger),  # nano-dollars; null: the price is unknown
    Column("worst_tokens", BigInteger, nullable=False),
    Column("lease_until_ns", BigInteger, nullable=False),
    Column("started_ns", BigInteger, nullable=False),
    Column("first_byte_ns", BigInteger, nullable=False, server_default="0"),
    Column("ended_ns", BigInteger, nullable=False, server_default="0"),
    Column("status", String(32), nullable=False, server_default=""),
    Column("failure", String(32), nullable=False, server_default=""),
    Column("cost", BigInteger),  # nano-dollars; null: not known, or not settled
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cache_read_tokens", BigInteger),
    Column("cache_write_tokens", BigInteger),
    Column("reasoning_tokens", BigInteger),
    Column("cache_write_long_tokens", BigInteger),
    Column("cached", Boolean, nullable=False, server_default="0"),
    Column("policy", Words, nullable=False, server_default=""),
    Index("ix_gateway_attempts_started_ns", "started_ns"),
)
OPEN_LEASES = Index(
    "ix_gateway_attempts_open",
    ATTEMPTS.c.lease_until_ns,
    sqlite_where=ATTEMPTS.c.state == "open",
    postgresql_where=ATTEMPTS.c.state == "open",
)
END_USERS = Index(
    "ix_gateway_attempts_end_user",
    ATTEMPTS.c.organisation_id,
    ATTEMPTS.c.end_user,
    sqlite_where=ATTEMPTS.c.end_user != "",
    postgresql_where=ATTEMPTS.c.end_user != "",
)

ACCOUNTS = Table(
    "gateway_accounts",
    METADATA,
    Column("scope", Text, primary_key=True),
    Column("period_start_ns", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("minute", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("last_requests", BigInteger, nullable=False),
    Column("last_tokens", BigInteger, nullable=False),
)

LIMITS = Table(
    "gateway_limits",
    METADATA,
    Column("scope", Text, primary_key=True),
    Column("budget", BigInteger),
    Column("period", String(16), nullable=False),
    Column("requests_per_minute", BigInteger),
    Column("tokens_per_minute", BigInteger),
    Column("concurrency", BigInteger),
)

SUBJECTS = Table(
    "gateway_subjects",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),  # organisation, team, user
    Column("parent_id", String(64), nullable=False),
    Column("organisation_id", String(64), nullable=False, index=True),
    Column("name", Words, nullable=False),
    Column("role", String(16), nullable=False),
    Column("allowed_models", Json, nullable=False),  # null: all
    Column("privacy", Words, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("disabled_ns", BigInteger, nullable=False),
    Index("ix_gateway_subjects_name", "organisation_id", "kind", "name", unique=True),
)

KEYS = Table(
    "gateway_keys",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("prefix", String(32), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
    Column("name", Words, nullable=False),
    Column("owner_id", String(64), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("allowed_models", Json, nullable=False),
    Column("privacy", Words, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger, nullable=False),  # 0: never
    Column("revoked_ns", BigInteger, nullable=False),  # 0: not
    Column("counts_as", String(64), nullable=False, server_default=""),  # a key's id
)

AUDIT = RECORDS_AUDIT.to_metadata(METADATA)
META = RECORDS_META.to_metadata(METADATA)
