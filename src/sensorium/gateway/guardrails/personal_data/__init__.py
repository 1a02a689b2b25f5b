"""Personal data: patterns of a known shape, confirmed by their check digits if they have any."""
