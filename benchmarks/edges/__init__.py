"""DARPA's stream of edges, the peers that score it too, and how scores are judged."""
