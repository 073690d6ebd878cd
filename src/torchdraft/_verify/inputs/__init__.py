"""Inputs of a program: parses its graph signature, draws inputs, copies and describes them. May import `_torch`."""
