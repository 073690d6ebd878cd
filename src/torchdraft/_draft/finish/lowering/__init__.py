"""Graph passes that let a program be decomposed, unflattened, exported again and compiled.

In: a traced program. Out: the same program, right under torch's own transforms. It may import `finish/passes` and what
`finish` may import.
"""
