"""Detection: every record is scored, the improbable one in a thousand passes, with its reasons."""
