"""Tell the operator."""
