"""A steady mixed load, the service that takes it, and what is seen of it meanwhile."""
