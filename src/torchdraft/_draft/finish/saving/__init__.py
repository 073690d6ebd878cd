"""Graph passes that give a program the form that a file can hold.

In: a traced program. Out: the same program with values, constants and metadata that torch's serializer stores. It may
import `finish/passes`, `saved` and what `finish` may import.
"""
