"""How an approved order becomes fills."""
