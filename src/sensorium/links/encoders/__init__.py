"""Encoders: a vector for each node from its inputs and its surroundings. They load torch."""
