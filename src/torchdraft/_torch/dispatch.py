"""Dispatch modes and thread-local state: running real kernels as if nothing were being traced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from .probe import need

_disable_current_modes: Any = need("torch.utils._python_dispatch:_disable_current_modes")
_below_autograd: Any = need("torch._C:_AutoDispatchBelowAutograd")
_no_function_modes: Any = need("torch._C:DisableTorchFunction")
_no_python_dispatcher: Any = need("torch._C:_DisablePythonDispatcher")
_mode_stack: Any = need("torch.utils._python_dispatch:_get_current_dispatch_mode_stack")
_function_mode_stack: Any = need("torch.overrides:_get_current_function_mode_stack")
proxy_mode: Any = need("torch.fx.experimental.proxy_tensor:get_proxy_mode")


@contextmanager
def outside_modes() -> Iterator[None]:
    """No dispatch mode, no function mode, no Python dispatcher: what eager code sees."""
    with ExitStack() as stack:
        stack.enter_context(_disable_current_modes())
        stack.enter_context(_no_function_modes())
        stack.enter_context(_no_python_dispatcher())
        yield


@contextmanager
def real_compute() -> Iterator[None]:
    """Like `outside_modes`, below autograd as well: the place where a recorded op is computed."""
    with outside_modes(), _below_autograd():
        yield


def active_modes() -> tuple[int, int]:
    """How many dispatch and function modes are active; to see that a trace left none behind."""
    return len(_mode_stack()), len(_function_mode_stack())
