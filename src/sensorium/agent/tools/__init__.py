"""The questions an investigation can ask: one file each, all of them only read."""
