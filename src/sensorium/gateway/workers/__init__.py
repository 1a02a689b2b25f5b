"""Several processes that serve as one gateway: divided, started, watched, stopped."""
