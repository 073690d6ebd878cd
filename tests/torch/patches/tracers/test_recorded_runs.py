"""Patches for a run on real tensors: tracing flags, subclasses, tensors without strides, pickling."""

from __future__ import annotations

import pickle
from types import CodeType
from typing import Any

import torch
from torch.compiler import is_exporting
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode

from torchdraft._torch.patches.tracers.recorded_runs import exporting_concealed, tracing_flags_hidden
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import RECORDING


def test_the_flags_are_false_for_the_models_code_only(monkeypatch: Any) -> None:
    monkeypatch.setattr(torch.compiler, "_is_compiling_flag", True)
    with tracing_flags_hidden(lambda _code: False):
        assert not torch.compiler.is_compiling()
        with tracing_flags_hidden(_is_this_file):
            assert not torch.compiler.is_compiling()
    with tracing_flags_hidden(_is_this_file):
        assert torch.compiler.is_compiling()
    assert torch.compiler.is_compiling()


def test_the_flags_are_hidden_from_code_that_imported_the_functions(monkeypatch: Any) -> None:
    """Dynamo knows the functions by their identity, too."""
    monkeypatch.setattr(torch.compiler, "_is_exporting_flag", True)
    before = vars(torch.compiler).copy()
    code = is_exporting.__code__
    with tracing_flags_hidden(lambda _code: False):
        assert torch.compiler.is_exporting is is_exporting
        assert not is_exporting()
    assert is_exporting()
    assert is_exporting.__code__ is code
    assert vars(torch.compiler) == before


def test_dynamo_alone_does_not_see_the_export(monkeypatch: Any) -> None:
    def asks(x: torch.Tensor) -> torch.Tensor:
        return x + 1 if is_exporting() else x

    compiled = torch.compile(asks, backend="eager", fullgraph=True)
    monkeypatch.setattr(torch.compiler, "_is_exporting_flag", True)
    with tracing_flags_hidden(_is_no_test), exporting_concealed():
        assert torch.equal(compiled(torch.ones(2)), torch.ones(2))
        assert is_exporting()
    torch._dynamo.reset()


def _is_no_test(code: CodeType) -> bool:
    return code.co_name != "asks"


def _is_this_file(code: CodeType) -> bool:
    return code.co_filename == __file__


class Image(torch.Tensor):
    """A subclass."""


def test_a_tensor_made_a_subclass_keeps_its_node() -> None:
    with applied(RECORDING, module_names={}):
        graph = make_fx(lambda x: (x.as_subclass(Image) * 2).as_subclass(torch.Tensor))(torch.ones(2))
    assert [node.op for node in graph.graph.nodes] == ["placeholder", "call_function", "output"]


def test_a_tensor_without_strides_is_recorded() -> None:
    with applied(RECORDING, module_names={}):
        graph = make_fx(lambda x: x.to_sparse_csr().to_dense())(torch.eye(2))
    torch.testing.assert_close(graph(torch.eye(2)), torch.eye(2))


def test_function_modes_handle_the_pickling_of_a_plain_tensor() -> None:
    class Handles(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            called.append(func)
            return func(*args, **(kwargs or {}))

    called: list[Any] = []
    own = torch.Tensor.__reduce_ex__
    with Handles():
        pickle.dumps(torch.ones(2))
    assert own not in called
    with applied(RECORDING, module_names={}), Handles():
        pickle.dumps(torch.ones(2))
    assert own in called
