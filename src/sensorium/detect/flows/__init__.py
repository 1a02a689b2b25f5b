"""From flow records to conversations: who asked whom for what, each counted once."""
