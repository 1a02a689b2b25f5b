"""Where bytes become batches: one folder per protocol, one per transport."""
