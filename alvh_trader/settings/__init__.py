"""Configuration: from TOML files to typed, frozen values."""
