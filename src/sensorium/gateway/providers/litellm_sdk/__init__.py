"""Providers that the gateway does not speak to itself, by LiteLLM's SDK (extra ``litellm``)."""
