"""The only folder that imports torch's private modules; every other folder imports them from here.

In: tensors, graphs, programs, and callbacks of a draft. Out: questions answered about them, and contexts in which torch
behaves differently (`patching/`, `patches/`). Imports torch, and one exception of `model`. `probe.need` resolves each
private name and raises `UnsupportedTorch` where torch has moved it. The first import of this package checks the version
of torch.
"""

import torch  # noqa: F401  # first: its import runs `torchdraft.saved`, which needs this package

from .probe import check_version

check_version()
