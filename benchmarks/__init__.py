"""One runnable file per claim the README makes."""
