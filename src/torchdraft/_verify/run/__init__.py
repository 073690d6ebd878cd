"""Runs both sides on one input and compares the results. May import `inputs`."""
