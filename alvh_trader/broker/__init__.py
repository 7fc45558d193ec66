"""Interactive Brokers through ib_insync, which no other package imports."""
