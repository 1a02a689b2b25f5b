"""Scoring over HTTP beside a model behind a plain web application."""
