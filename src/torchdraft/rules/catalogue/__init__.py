"""The rules of torchdraft, one file each; a rule's docstring is its documentation page."""
