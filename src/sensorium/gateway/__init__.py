"""The LLM gateway: one door for every model call, governed on the way in, through and out."""
