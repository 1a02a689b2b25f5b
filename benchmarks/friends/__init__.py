"""What the benchmark of link prediction is made of: graphs, peers, and one run of all."""
