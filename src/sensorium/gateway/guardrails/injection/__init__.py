"""Prompt injection: signs, each with its weight, that a text wants to be taken for instructions."""
