"""The nodes of the investigation's graph, one file each."""
