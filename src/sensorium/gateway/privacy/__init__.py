"""Where a class of data may go: policies, checks against an account's own settings, evidence."""
