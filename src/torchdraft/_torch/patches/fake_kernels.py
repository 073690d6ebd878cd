"""A fake kernel that is registered for a custom operator while a program is loaded or used.

No scope applies it: the operators are known at run time only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from torchdraft._torch.library import definition_of
from torchdraft._torch.patching.changes import Changes


def temporary_fake_kernel(name: str, kernel: Callable[..., Any]) -> Changes:
    """A context in which `kernel` is the fake kernel of the operator `namespace::name`.

    Upstream's `torch._library.fake_profile.unsafe_generate_fake_kernels` does not remove the kernel of a `@custom_op`
    that had none.
    """

    def make(changes: Changes) -> None:
        definition = definition_of(name)
        if definition is not None:
            changes.attribute(definition, "_abstract_fn", kernel)
            return
        library: Any = torch.library.Library(name.partition("::")[0], "FRAGMENT")
        changes.afterwards(library._destroy)
        torch.library.register_fake(name, kernel, lib=library, allow_override=True)

    return Changes(make)
