"""Custom operators that are composed of other operators (`CompositeImplicitAutograd`) and are traced as one.

No scope applies this: the operators are known at run time only.
"""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.probe import need

_without_gradient: Any = need("torch._higher_order_ops.utils:autograd_not_implemented")
_preserved: Any = need("torch._export.utils:_special_op_to_preserve_cia")
_AUTOGRAD_KEYS: Any = need("torch.export.exported_program:_AUTOGRAD_ALIAS_BACKEND_KEYS_TO_OVERRIDE")
_export_utils: Any = need("torch._export.utils")
need("torch._export.utils:_is_cia_op")
_COMPOSITE = torch._C.DispatchKey.CompositeImplicitAutograd


def kept_whole(op: Any) -> Changes:
    """A context in which tracing calls `op` as one operation. Its real kernel is unchanged.

    Upstream's `_override_composite_implicit_decomp` does this for the operators that a decomposition table leaves out,
    and gives each of them the kernel of its composition as the fake one.
    """
    return Changes(lambda changes: keep_whole(op, changes))


def keep_whole(op: Any, changes: Changes) -> None:
    """Makes tracing call `op` as one operation until `changes` are undone."""
    changes.afterwards(op._dispatch_cache.clear)
    for key in _AUTOGRAD_KEYS:
        changes.item(op.py_kernels, key, _without_gradient(op, deferred_error=True))
    changes.item(op.py_kernels, _COMPOSITE, _preserved)
    op._dispatch_cache.clear()
    is_composite = _export_utils._is_cia_op
    changes.attribute(_export_utils, "_is_cia_op", lambda other: other is not op and is_composite(other))
