"""What to propose for each kind of story: commands for a person, and how to undo them."""
