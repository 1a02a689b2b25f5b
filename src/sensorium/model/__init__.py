"""Plain typed records and Arrow schemas. No I/O; imports nothing of ours outside this folder."""
