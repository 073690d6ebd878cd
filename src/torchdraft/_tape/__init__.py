"""Tape: computes real values on demand.

Operations go in as they are traced. A requested value comes out, computed from the operations that it needs and no
others. May import `_torch`.
"""
