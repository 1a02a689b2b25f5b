"""Answers that were given before: to the same request or, opted in, to one very like it."""
