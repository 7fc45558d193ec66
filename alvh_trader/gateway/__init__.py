"""An embedded paper gateway: a simulated exchange behind the TWS protocol."""
