"""What the gateway's benchmarks share: an upstream, a gateway and a peer in processes, and load."""
