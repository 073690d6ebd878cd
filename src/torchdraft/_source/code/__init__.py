"""Code objects of Python: instructions, facts kept for each code object, code with other calls in it.

In: a function or a code object. Out: facts about it, or a changed copy. It may import `model`.
"""
