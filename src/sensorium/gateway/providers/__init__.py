"""Providers: where models are reached. ``registry.make_provider`` makes one from its settings."""
