"""Report: the events of a finished trace go in; a `Report` comes out.

Rules make issues of the events (`rules`); this folder adds the symbols' origins, the nodes of the program that assert
the conditions, and torch's table of expressions. May import `rules` and `tracing`.
"""
