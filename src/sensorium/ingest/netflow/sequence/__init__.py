"""Sequence numbers: which stream a datagram belongs to, and what its number tells."""
