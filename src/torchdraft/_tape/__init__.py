"""Tape: real values on demand. Operations go in as they are traced; a demanded value comes out, computed from the
operations it needs and no others. May import `_torch`.
"""
