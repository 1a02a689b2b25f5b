"""Decoders: a logit for each pair of nodes, from two vectors and from counts. They load torch."""
