"""What the clues may add up to: one kind of cause per file, all tried, the best taken."""
