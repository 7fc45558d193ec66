"""Interactive Brokers, through ib_insync. The only package that imports it."""
