"""Scoring for others: what is asked, which scorer answers, within which limits."""
