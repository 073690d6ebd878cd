"""Every change made to torch while a draft runs, one file per upstream subsystem; `speed/` has those that save time.

In: torch's originals and the callbacks of a draft. Out: replacements, declared with `@patches` or `@temporary` and
applied by scope (`_torch/patching/`). docs/internals/patches.md lists them. Imports `_torch`, `patching` and `tensors`.
"""
