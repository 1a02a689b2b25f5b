"""What the graph itself says of a pair of nodes, without training."""
