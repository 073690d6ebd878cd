"""A fake kernel that is registered for a custom operator while a program is loaded or used.

No scope applies it: the operators are known at run time only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from torchdraft._torch.library import definition_of, fake_kernels_of, is_composite, operator_named
from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.probe import need

from .composite_ops import keep_whole

_Kernel: Any = need("torch._library.utils:Kernel")
_registered: set[str] = need("torch.library:_impls")


def temporary_fake_kernel(name: str, kernel: Callable[..., Any]) -> Changes:
    """A context in which `kernel` is the fake kernel of the operator `namespace::name`.

    Upstream's `torch._library.fake_profile.unsafe_generate_fake_kernels` does not remove the kernel of a `@custom_op`
    that had none. `torch.library.register_fake` refuses an operator whose C++ library names the Python module that
    registers its fake kernels (`m.set_python_module`), and does not change one that is composed of other operators.
    """

    def make(changes: Changes) -> None:
        definition = definition_of(name)
        if definition is not None:
            changes.attribute(definition, "_abstract_fn", kernel)
            return
        op, registered = operator_named(name), fake_kernels_of(name)
        if is_composite(op):
            keep_whole(op, changes)
            changes.attribute(registered, "kernels", [*registered.kernels, _Kernel(kernel, "torchdraft")])
            return
        before = set(_registered)
        changes.afterwards(lambda: _registered.update(before))
        library: Any = torch.library.Library(name.partition("::")[0], "FRAGMENT")
        changes.afterwards(library._destroy)
        handle = registered.register(kernel, "torchdraft", lib=library, allow_override=True)
        library._registration_handles.append(handle)

    return Changes(make)
