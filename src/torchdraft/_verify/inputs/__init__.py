"""Inputs of a program: read off its graph, drawn, copied and described."""
