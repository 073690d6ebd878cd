"""Ships small models of every kind of issue to each runtime, and counts what becomes of inputs that break an
assumption: loud, or wrong in silence. Beside it the same with torch's draft and torch's exporters.
"""
