"""The gateway's HTTP side: requests in, answers and streams out, in the caller's own dialect."""
