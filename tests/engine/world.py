"""A picture of everything a draft has to leave as it was: taken before, compared after."""

from __future__ import annotations

import enum
import gc
import os
import random
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch._dynamo.config
import torch._functorch.config
import torch._inductor.config
import torch._inductor.fx_passes.control_dependencies  # torch imports it, with an operator, when it is first needed
import torch.fx.experimental._config
import torch.utils._pytree as pytree
from torch._ops import _len_torch_dispatch_stack_pre_dispatch
from torch._subclasses.fake_tensor import FakeTensor
from torch.overrides import _get_current_function_mode_stack
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack, is_traceable_wrapper_subclass

CONFIGS = (
    torch._dynamo.config,
    torch._functorch.config,
    torch._inductor.config,
    torch.fx.experimental._config,
)


class World:
    """`World(module, inputs).changes()` names what is no longer as it was when the picture was taken."""

    def __init__(self, module: torch.nn.Module, inputs: Any = ()) -> None:
        self.module = module
        self.inputs = tensors_in(inputs)
        self.before = self._picture()

    def changes(self) -> list[str]:
        """Names of what changed."""
        after = self._picture()
        return sorted(name for name in self.before.keys() | after.keys() if self.before.get(name) != after.get(name))

    def _picture(self) -> dict[str, Any]:
        return {
            **self._modules(),
            **_tensors("input", self.inputs),
            **_random(),
            **_torch_state(),
            "registered classes": len(pytree.SUPPORTED_NODES),
            "class names": len(pytree.SUPPORTED_SERIALIZED_TYPES),
            "temporary files": sorted(os.listdir(tempfile.gettempdir())),
            "working directory": sorted(p.name for p in Path.cwd().iterdir()),
            "threads": threading.active_count(),
        }

    def _modules(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for path, module in self.module.named_modules(remove_duplicate=False):
            for name, value in module.__dict__.items():
                found[f"{path}.{name}"] = _content(value)
            tables = (*module._parameters.items(), *module._buffers.items())
            for name, tensor in tables:
                found |= _tensors(f"{path}.{name}", [tensor])
        return found


def tensors_in(value: Any) -> list[torch.Tensor]:
    """Tensors in nested containers and objects, without pytree, which a draft may teach new classes."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (type, enum.Enum)):
        return []
    held = list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, (list, tuple)) else []
    held += list(getattr(value, "__dict__", {}).values())
    held += [getattr(value, slot) for slot in getattr(type(value), "__slots__", ()) if hasattr(value, slot)]
    return [tensor for thing in held for tensor in tensors_in(thing)]


def _content(value: Any) -> Any:
    """What an attribute is: which object, and for containers what they hold."""
    if isinstance(value, dict):
        return id(value), [(k, id(v)) for k, v in value.items()]
    if isinstance(value, (list, set)):
        return id(value), [id(v) for v in value]
    return id(value)


def _tensors(label: str, leaves: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for index, leaf in enumerate(leaves):
        if is_traceable_wrapper_subclass(leaf):
            found |= _tensors(f"{label}[{index}]", [getattr(leaf, name) for name in leaf.__tensor_flatten__()[0]])
        elif isinstance(leaf, torch.Tensor) and not isinstance(leaf, FakeTensor) and leaf.layout is torch.strided:
            data = leaf.detach().resolve_conj().resolve_neg().reshape(-1).contiguous()
            seen = data.view(torch.uint8).numpy().tobytes() if data.numel() else b""
            outside = (id(leaf), leaf.dtype, tuple(leaf.shape), leaf.stride(), leaf.requires_grad, leaf.grad is None)
            found[f"{label}[{index}]"] = (outside, leaf._version, seen)
    return found


def _random() -> dict[str, Any]:
    kind, keys, *rest = np.random.get_state()
    return {
        "torch random state": torch.random.get_rng_state().numpy().tobytes(),
        "Python random state": random.getstate(),
        "NumPy random state": (kind, keys.tobytes(), *rest),
    }


def _torch_state() -> dict[str, Any]:
    higher_order = torch._ops._higher_order_ops
    return {
        **{f"config {c.__name__}": {k: repr(v) for k, v in c.get_config_copy().items()} for c in CONFIGS},
        "dispatch modes": len(_get_current_dispatch_mode_stack()),
        "pre-dispatch modes": _len_torch_dispatch_stack_pre_dispatch(),
        "function modes": len(_get_current_function_mode_stack()),
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "default dtype": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "tracing context": torch._guards.TracingContext.try_get(),
        "fake mode": torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.FAKE),
        "methods": (torch.Tensor.split, torch.Tensor.narrow, torch.SymInt.__hash__, torch.SymInt.__format__),
        "higher-order rules": {name: len(op.python_key_table) for name, op in higher_order.items()},
    }


def fakes_alive() -> int:
    """How many fake tensors there still are."""
    gc.collect()
    return sum(isinstance(thing, FakeTensor) for thing in gc.get_objects() if type(thing) is FakeTensor)
