"""Verify: a program and its model go in; inputs are drawn, both are run, and a `Verification` comes out."""
