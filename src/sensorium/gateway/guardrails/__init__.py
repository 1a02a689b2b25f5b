"""Guardrails: rules on what is asked of models and on what they answer."""
