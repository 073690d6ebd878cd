"""`torchdraft new-rule`: a code and a name go in; the files of a new rule and of its tests come out.

May import every folder.
"""
