"""Beacons planted in a made network, and who finds them."""
