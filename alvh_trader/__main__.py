"""`python -m alvh_trader`: hand over to the command line."""

from alvh_trader.cli import main

if __name__ == "__main__":
    main()
