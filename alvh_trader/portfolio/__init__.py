"""What we hold, what it is worth, and whether the broker agrees."""
