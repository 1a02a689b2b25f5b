"""Compiling the decoders before they are needed.

It takes two minutes of processor time, once: a datagram must not wait for that. ``python -m
sensorium.app.preparation``, part of ``make setup`` and right for a container image, does it ahead;
a service that finds it undone starts the same before it says that it is ready.
"""
