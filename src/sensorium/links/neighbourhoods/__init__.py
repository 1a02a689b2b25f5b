"""Neighbours drawn for a mini-batch, and gathered for all nodes."""
