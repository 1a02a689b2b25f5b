"""A small model on this machine, by llama.cpp in a process of its own: no key, no internet."""
