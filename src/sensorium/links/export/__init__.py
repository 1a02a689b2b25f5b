"""A graph divided among machines: who lies where, and the files that others train from."""
