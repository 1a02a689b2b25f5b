"""Debian's own software, configured and started on a machine: one file per kind of service."""
