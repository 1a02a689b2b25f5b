"""A sender on one core, a collector on the other, and the loopback interface between them."""
