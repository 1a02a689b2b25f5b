"""From edges to a model: splits, negatives, training, and how well it does."""
