"""Option mathematics on plain floats and arrays."""
