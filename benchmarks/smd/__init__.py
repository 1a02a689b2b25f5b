"""The peers and the judge of ``benchmarks.detect_smd``, in an environment of their own."""
