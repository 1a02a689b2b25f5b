"""Which incidents people would confirm: learned from what they said of earlier ones."""
