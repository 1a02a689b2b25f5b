"""What is kept: telemetry in ClickHouse, incidents and decisions in SQL."""
