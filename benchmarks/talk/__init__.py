"""Graphs of who talks to whom by the hour, edges put in that do not belong, and a simple score."""
