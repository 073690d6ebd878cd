"""The operator cases, a kind in each file."""
