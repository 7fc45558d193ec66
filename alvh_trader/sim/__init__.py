"""A simulated exchange: orders in, fills out, no clock and no socket."""
