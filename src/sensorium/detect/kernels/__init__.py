"""What detection does to every row, compiled: hash tables, groups, histories, tails.

Kernels that call each other lie in one folder, because what is compiled is kept on disk until a
file of its folder changes (:mod:`sensorium.ingest.compiled`).
"""
