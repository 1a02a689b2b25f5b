"""Graphs made for benchmarks of ``links``."""
