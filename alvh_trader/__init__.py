"""Defend SPX iron condors with a layered VIX hedge: hedge first, then roll."""
