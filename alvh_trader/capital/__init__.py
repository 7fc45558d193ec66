"""The Second Engine: cost of capital and expected return."""
