"""What answers amount to, where several nodes or many rows need it: answers in, clues out."""
