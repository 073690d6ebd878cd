"""Source: what the user's source says at a line or an instruction. Code objects and expressions go in, places and
text come out. Imports `model` and no torch.
"""
