"""Puts a program and its model to the same inputs: draws them, compares, makes mismatches small, names the issues."""
