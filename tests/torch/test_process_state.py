"""What an interrupted trace leaves in torch's thread-local state is undone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import torch

from torchdraft._torch.probe import need
from torchdraft._torch.process_state import ProcessState, release_frames

_included: Any = need("torch._C:_dispatch_tls_local_include_set")
_excluded: Any = need("torch._C:_dispatch_tls_local_exclude_set")
_include: Any = need("torch._C:_dispatch_tls_set_dispatch_key_included")
_exclude: Any = need("torch._C:_dispatch_tls_set_dispatch_key_excluded")
_Key: Any = need("torch._C:DispatchKey")
_functions_enabled: Any = need("torch._C:_is_torch_function_enabled")
_NoFunctions: Any = need("torch._C:DisableTorchFunction")


def test_dispatch_keys_and_torch_functions_are_restored() -> None:
    before = _included(), _excluded()
    state = ProcessState()
    _include(_Key.PythonDispatcher, True)
    _exclude(_Key.Functionalize, True)
    _NoFunctions().__enter__()
    assert (_included(), _excluded()) != before
    assert not _functions_enabled()
    for _ in range(2):
        state.restore()
        assert (_included(), _excluded()) == before
        assert _functions_enabled()


def test_flags_and_grad_mode_are_restored() -> None:
    state = ProcessState()
    flag = torch.compiler._is_exporting_flag
    torch.compiler._is_exporting_flag = not flag
    torch.set_grad_enabled(False)
    state.restore()
    assert torch.compiler._is_exporting_flag is flag
    assert torch.is_grad_enabled()


SCRIPT = """
import torch, torchdraft

class Branches(torch.nn.Module):
    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x,))

torchdraft.draft_export(Branches(), (torch.ones(2),))
print("after the draft", torch.distributions.Distribution._validate_args)
torch.compile(lambda x: x + 1, backend="eager")(torch.ones(2))
print("after Dynamo", torch.distributions.Distribution._validate_args)
"""


def test_distributions_validate_after_a_draft_and_not_after_dynamo() -> None:
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["after the draft True", "after Dynamo False"]


def test_a_context_manager_that_an_interrupt_left_open_is_closed() -> None:
    closed = []

    @contextmanager
    def managed() -> Iterator[None]:
        try:
            yield
        finally:
            closed.append(True)

    def interrupted(manager: AbstractContextManager[None]) -> None:
        manager.__enter__()
        raise KeyboardInterrupt

    def run() -> None:
        interrupted(managed())

    with pytest.raises(KeyboardInterrupt) as raised:
        run()
    assert not closed
    release_frames(raised.value)
    assert closed
