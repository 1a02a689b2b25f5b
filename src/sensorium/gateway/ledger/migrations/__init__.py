"""Revisions of the gateway's database."""
