"""Suggestions: candidates, rules, ranking, reasons, and the graphs that are served."""
