"""From log lines to templates, online and in columns."""
