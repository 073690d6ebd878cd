"""Render: plain data of `model` goes in; text, terminal output and HTML come out. Imports `model`."""
