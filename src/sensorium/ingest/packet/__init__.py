"""Packets that exporters send pieces of: their headers, layer by layer, into a row's columns."""
