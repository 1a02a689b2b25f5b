"""What is known of exporters: templates, rates, what they say of themselves and what was lost."""
