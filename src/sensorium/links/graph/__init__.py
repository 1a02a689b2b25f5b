"""A graph in memory: its arcs, names and features, and the files they are read from."""
