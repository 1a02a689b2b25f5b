"""What parts have learned, as arrays that outlast the process."""
