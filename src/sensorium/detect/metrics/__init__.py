"""From samples to one value per series and window."""
