"""A small real network in Linux namespaces, recorded as it lives: traffic, faults and attacks."""
