"""Command line: arguments go in; output and an exit status come out.

One file has one command, and `app.py` puts them together. May import every folder, and imports no torch until a command
needs it.
"""
