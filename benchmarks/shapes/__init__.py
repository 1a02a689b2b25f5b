"""What the benchmark of odd shapes is made of."""
