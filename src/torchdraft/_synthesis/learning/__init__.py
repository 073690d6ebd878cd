"""Learning: calls and their outputs go in; rules that describe the outputs come out.

A rule is a size (`expressions.py`, `search.py`), a whole shape (`shapes.py`), or a dtype, layout or number
(`properties.py`). `cases.py` finds out where different rules are needed. May import `experiments`.
"""
