"""Modules that show the model another class than everybody else.

A replaced class in a module's dictionary would be seen by the whole process: a class statement in a module that is
imported meanwhile would inherit from it, and `pickle` would refuse instances of the original. Therefore the module
object gets another `__class__` for the time of the trace, whose `__getattribute__` looks at the caller.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from types import ModuleType
from typing import Any

from torchdraft._draft.tracing.draft_threads import belongs
from torchdraft._stack.frame_kinds import in_an_import, is_framework
from torchdraft._torch.patching.changes import Changes


def show_model(changes: Changes, module: ModuleType, instead: Mapping[str, Any]) -> None:
    """Until `changes` are undone, the model's code finds `instead` under these names of `module`. Sets the module's
    `__class__`.
    """
    shown = type(module)

    class View(shown):  # type: ignore[misc,valid-type]
        def __getattribute__(self, name: str) -> Any:
            if name in instead and belongs():
                caller = sys._getframe(1)
                if not is_framework(caller.f_code) and not in_an_import(caller):
                    return instead[name]
            return super().__getattribute__(name)

    View.__name__, View.__qualname__, View.__module__ = shown.__name__, shown.__qualname__, shown.__module__
    changes.afterwards(partial(setattr, module, "__class__", shown))
    module.__class__ = View
