"""Graphs to measure centrality on, and the libraries it is measured beside."""
