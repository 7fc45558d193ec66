"""Files the operator provides: read, checked, watched, and fetched anew."""
