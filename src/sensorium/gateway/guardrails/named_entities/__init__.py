"""Names, places and organisations: what has no form of its own, by Presidio and a spaCy model."""
