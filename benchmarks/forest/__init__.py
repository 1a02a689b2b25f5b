"""The peer of ``benchmarks.detect_forest`` in an environment of its own."""
