"""Settings of other gateways, read into ours."""
