"""Incidents, anomalies, evidence, approvals and audit, in SQL: SQLite or PostgreSQL."""
