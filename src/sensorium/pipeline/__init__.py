"""One turn of the spine: arrivals in, incidents out; driven live or by a recording."""
