"""What the agent knows about other people's software, kept as small tables."""
