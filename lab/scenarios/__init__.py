"""What can happen to the network during a recording: one file per kind of event."""
