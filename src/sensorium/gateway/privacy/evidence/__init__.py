"""Evidence: for each request under a policy a signed record of where it went and why it might."""
