"""Elements that fill no column: their names, their values as text, and the map that holds them."""
