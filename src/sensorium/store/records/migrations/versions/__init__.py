"""One file per revision, oldest first by number. Never edit one that has been released."""
