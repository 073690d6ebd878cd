"""Source: the text of the user's source code at a line or an instruction.

Code objects, frames and symbolic expressions go in; locations and Python text come out. Imports `model` and no torch.
"""
