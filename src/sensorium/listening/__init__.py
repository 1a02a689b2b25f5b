"""What everything that listens has in common: where it listens, and its certificates."""
