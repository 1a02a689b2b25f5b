"""What TLS and DTLS have in common: contexts, and whose certificate is let in."""
