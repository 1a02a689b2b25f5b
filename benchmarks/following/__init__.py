"""Detectors of the running service, followed over made windows."""
