"""This process within its system: its cores, its memory, its open files, and how it ends."""
