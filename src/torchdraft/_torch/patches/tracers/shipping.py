"""Patches while a program is translated for a runtime."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.graph.guards import separate_guards
from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.patching.registry import patches, temporary
from torchdraft._torch.patching.scopes import COMPILE, SHIP
from torchdraft._torch.probe import need


@patches(
    "torch.export.exported_program:_convert_guards_to_code",
    scope=SHIP,
    why="A program that is made flat for a runtime has other argument names than those that its guards are written "
    "with, and every exporter calls `module()`, which fails (`name 'L' is not defined`). The graph checks the guards.",
)
def guards_left_to_the_graph(_original: Any) -> Any:
    """Gives a program no guards beside its graph."""

    def convert_guards_to_code(_graph_module: Any) -> list[str]:
        return []

    return convert_guards_to_code


@patches(
    "torch.export._unlift:_convert_guards_code_to_fn",
    scope=SHIP,
    why="The guards of a program are one Python function. Called on proxies it raises `TraceError` where a guard "
    "contains `and`, `or`, `not`, `max` or `min`.",
)
def guards_kept_separate(original: Any) -> Any:
    """Keeps each guard as a function that can be called on proxies, in `separate` of the function's module."""

    def convert_guards_code_to_fn(guards_code: list[str], paths_of_placeholders: list[Any]) -> Any:
        made = original(guards_code, paths_of_placeholders)
        made.separate = separate_guards(guards_code, paths_of_placeholders)
        return made

    return convert_guards_code_to_fn


@temporary(
    "torch._subclasses.fake_impls:op_implementations_dict",
    scope=SHIP,
    why="ExecuTorch replaces `slice` and `select` by `slice_copy` and `select_copy`. Torch makes a symbol for the size "
    "of a `slice` whose end is read from data, and for `slice_copy` asks whether the end is negative: "
    "`GuardOnDataDependentSymNode`.",
    upstream="torch._subclasses.fake_impls.slice_forward",
)
def copies_of_rows_from_data(changes: Changes) -> None:
    """Gives the two operators the rules of the views that they copy."""
    rules = need("torch._subclasses.fake_impls:op_implementations_dict")
    for copies, views in ((_ATEN.slice_copy.Tensor, _ATEN.slice.Tensor), (_ATEN.select_copy.int, _ATEN.select.int)):
        changes.item(rules, copies, _copying(rules[views], views))


def _copying(rule: Any, views: Any) -> Any:
    def copied(fake_mode: Any, _func: Any, *args: Any, **kwargs: Any) -> Any:
        pending = getattr(fake_mode.shape_env, "pending_fresh_unbacked_symbols", [])
        before = set(pending)
        made = rule(fake_mode, views, *args, **kwargs).contiguous().clone()
        symbolic = [size.node.expr for size in made.shape if isinstance(size, torch.SymInt)]
        kept = before.union(*(expr.free_symbols for expr in symbolic))
        pending[:] = [each for each in pending if each in kept]  # a copy has no offset
        return made

    return copied


_ATEN = torch.ops.aten


def one_version_of_subgraphs() -> Changes:
    """A context in which every call of a subgraph in an ONNX model has one version.

    torch's exporter gives the call of a loop's condition the version of ONNX's operators, and other calls none: a loop
    inside of a branch cannot be exported (`Opset mismatch when inlining function`). No declared patch, because it needs
    the packages of the extra `onnx`.
    """

    def make(changes: Changes) -> None:
        operators = need("torch.onnx._internal.exporter._torchlib.ops.hop")
        original = operators.call_op

        def call_op(*args: Any, **kwargs: Any) -> Any:
            results = original(*args, **kwargs)
            if kwargs.get("_domain"):
                results[0].producer().version = None
            return results

        changes.attribute(operators, "call_op", call_op)

    return Changes(make)


@patches(
    "torch._inductor.codegen.cpp_wrapper_cpu:CppWrapperCpu.generate_input_output_runtime_checks",
    scope=COMPILE,
    why="A package of AOTInductor compares the sizes of its inputs with the program only where the environment of the "
    "process that runs it says `AOTI_RUNTIME_CHECK_INPUTS=1`, and sizes that have to be equal not at all. On other "
    "sizes it computes wrong numbers, or reads memory of others.",
)
def inputs_always_checked(original: Any) -> Any:
    """Makes the compiled code check its inputs in every run, and compare sizes that depend on each other."""

    def generate_input_output_runtime_checks(self: Any) -> Any:
        write = self.prefix.splice_aot

        def splice(text: Any, *args: Any, **kwargs: Any) -> Any:
            if "__check_inputs_outputs" in str(text):
                write(_equal_sizes_checked())
                text = f"{text.replace(_ENVIRONMENT, _ALWAYS)}\n    check_equal_sizes(input_handles);\n"
            return write(text, *args, **kwargs)

        self.prefix.splice_aot = splice
        try:
            return original(self)
        finally:
            del self.prefix.splice_aot

    return generate_input_output_runtime_checks


_ENVIRONMENT, _ALWAYS = 'getenv("AOTI_RUNTIME_CHECK_INPUTS")', '"1"'


def _equal_sizes_checked() -> str:
    """C++ that compares every size of an input, beyond the first of each symbol, with its expression."""
    graph, cpp = need("torch._inductor.virtualized:V").graph, need("torch._inductor.codegen.cpp_utils:cexpr")
    known: dict[Any, str] = {}
    later: list[tuple[str, Any]] = []
    for place, tensor in enumerate(graph.graph_inputs.values()):
        sizes = tensor.get_size() if hasattr(tensor, "get_size") else ()
        for dim, size in enumerate(sizes):
            read = f"ConstantHandle(input_handles[{place}]).sizes()[{dim}]"
            if getattr(size, "is_Symbol", False) and size not in known:
                known[size] = read
            elif not getattr(size, "is_number", True) or size in known:
                later.append((read, size))
    lines = ["AOTI_NOINLINE static void check_equal_sizes(AtenTensorHandle* input_handles) {"]
    lines += [f"    [[maybe_unused]] int64_t {symbol} = {read};" for symbol, read in known.items()]
    for read, size in later:
        if size.free_symbols <= known.keys():
            lines.append(f"    if ({read} != {cpp(size)}) {{")
            lines.append(f'        throw std::runtime_error("{read} has to be {size} of the other inputs");')
            lines.append("    }")
    return "\n".join([*lines, "}"])
