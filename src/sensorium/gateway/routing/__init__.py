"""Which deployment answers a call: groups, strategies, cooldown, retries and fallbacks."""
