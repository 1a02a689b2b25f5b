"""The Numenta Anomaly Benchmark: its corpus as it lies on disk, and its scoring."""
