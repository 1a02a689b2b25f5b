"""What providers ask for their models."""
