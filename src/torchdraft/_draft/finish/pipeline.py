"""The graph passes every program ends with, in order."""

from __future__ import annotations

import torch

from torchdraft._draft.custom_ops.fake_kernels import FakeKernels
from torchdraft._draft.custom_ops.op_guards import guard_ops, profiles_of
from torchdraft._draft.custom_ops.profile_kernels import unsafe_generate_fake_kernels
from torchdraft._draft.prepare.tuple_keys import encode_tuple_keys
from torchdraft._draft.tracing.request import Request
from torchdraft._torch.export import lowered, make_inner_graphs_plain

from .asserted_sizes import cut_known_sizes
from .element_reads import read_elements
from .integer_rounding import lower_roundings, lower_symbolic_sums
from .regions import inline_regions_without_outputs
from .serialization import (
    _spelled,
    conditions_as_integers,
    describe_plainly,
    drop_unpicklable_example,
    fill_keyword_defaults,
    name_outputs,
    state_known_numbers,
    widen_single_values,
)
from .size_lists import lower_size_lists
from .unused_values import drop_empty_lists, drop_unused_reads


def finish(
    program: torch.export.ExportedProgram, request: Request, kernels: FakeKernels
) -> torch.export.ExportedProgram:
    """What every trace ends with, once the fake mode is torch's own again."""
    kernels.profiles = profiles_of(program, kernels.inferred)
    guard_ops(program, kernels.inferred)
    if not request.options.get("pre_dispatch", True):
        with unsafe_generate_fake_kernels(kernels.profiles):
            program = lowered(program)
    run_graph_passes(program)
    make_inner_graphs_plain(program.graph_module)
    return program


def run_graph_passes(program: torch.export.ExportedProgram) -> None:
    """Applies every mend."""
    graph_module = program.graph_module
    changed = inline_regions_without_outputs(graph_module)
    for module in graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            read_elements(module.graph)
            spelled = lower_roundings(module.graph) | lower_symbolic_sums(module.graph) | lower_size_lists(module.graph)
            if (
                drop_unused_reads(module.graph)
                | drop_empty_lists(module.graph)
                | cut_known_sizes(module.graph)
                | spelled
            ):
                module.recompile()
    name_outputs(program)
    run_file_passes(program)
    drop_unpicklable_example(program)
    for call in program.module_call_graph:
        if call.signature is not None:
            encode_tuple_keys(call.signature.in_spec)
            call.signature.outputs[:] = [_spelled(argument) for argument in call.signature.outputs]
            call.signature.inputs[:] = [_spelled(argument) for argument in call.signature.inputs]
    if changed:
        graph_module.recompile()


def run_file_passes(program: torch.export.ExportedProgram) -> None:
    """The mends that change how a program is written, not what it does. A program that was made of a mended one, by
    `run_decompositions` say, needs them again.
    """
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            fill_keyword_defaults(module.graph)
            describe_plainly(module.graph)
    conditions_as_integers(program)
    state_known_numbers(program)
    widen_single_values(program)
