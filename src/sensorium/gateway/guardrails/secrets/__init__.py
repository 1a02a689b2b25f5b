"""Secrets: credentials of a known form, private keys, and values that look drawn at random."""
