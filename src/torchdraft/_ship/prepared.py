"""Prepares a program for an exporter: assumptions carried, writes returned, buffers taken as inputs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import torch
from torch.export.graph_signature import InputKind, OutputKind

from torchdraft._draft.finish.numbers.conditions import ReadSize
from torchdraft._torch.patches.tracers.quiet import torch_output_suppressed
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import SHIP
from torchdraft._torch.symbolic.shapes import pending_symbols_forgotten
from torchdraft.model import Report
from torchdraft.model.shipment import Assumption, Carried

from .carry import Carrier, fake_mode_of
from .program_copy import add_outputs, buffers_taken, copied_program, inputs_flat, outputs_flat, writes_returned
from .runtimes.interface import BROKEN, VALID, CallInterface, kind_of, names_of_results, unique
from .severities import as_shipped

_ATEN = torch.ops.aten


class Assertions(StrEnum):
    """How a shipped program says that an assumption does not hold."""

    RAISE = "raise"
    """An operator fails."""
    OUTPUT = "output"
    """Two outputs say so."""
    OFF = "off"
    """Not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A program that an exporter can translate, and what was done to it."""

    program: torch.export.ExportedProgram
    interface: CallInterface
    assumptions: tuple[Assumption, ...]
    state: dict[str, torch.Tensor]
    """Input that is a buffer → its value now."""
    report: Report
    notes: tuple[str, ...] = ()

    def metadata(self) -> dict[str, Any]:
        """What the shipped file says about itself."""
        return {**self.interface.to_json()}


@contextlib.contextmanager
def translating(made: Prepared) -> Iterator[None]:
    """A context for the exporter of a runtime: quiet, and without traces in the program's symbols."""
    with torch_output_suppressed(), pending_symbols_forgotten(fake_mode_of(made.program)), applied(SHIP):
        yield


def prepared(
    program: torch.export.ExportedProgram, assertions: Assertions, size: ReadSize, *, in_place: bool = False
) -> Prepared:
    """The program with its assumptions written as operations. `program` itself stays as it is.

    With `in_place`, each is an assertion where it is in the program, for a runtime that keeps assertions about data.
    """
    report = getattr(program, "_report", None)
    report = report if isinstance(report, Report) else Report()
    copied = copied_program(program)
    carrier = Carrier(copied, report.issues, size, in_place=in_place and assertions is Assertions.RAISE)
    found = carrier.assumptions if assertions is not Assertions.OFF else _turned_off(program, report)
    broken = carrier.write() if assertions is not Assertions.OFF else None
    checks = _checks(carrier, broken, assertions)
    results = _results(copied)
    spec = copied.call_spec.out_spec
    add_outputs(copied, checks)
    with applied(SHIP), pending_symbols_forgotten(fake_mode_of(program)):
        functional = copied.run_decompositions({})
    input_writes, buffer_writes = writes_returned(functional)
    buffers, state = buffers_taken(functional, buffer_writes)
    outputs_flat(functional)
    interface = _interface(functional, results, spec, [*checks], input_writes, buffer_writes, buffers)
    assumptions = tuple(_became(each, assertions) for each in found)
    inputs_flat(functional)
    contiguous = () if in_place else tuple(name for name in carrier.laid_out if name in interface.inputs)
    interface = replace(interface, assumptions=tuple(each.text for each in assumptions), contiguous=contiguous)
    return Prepared(
        program=functional,
        interface=interface,
        assumptions=assumptions,
        state=state,
        report=as_shipped(report, assumptions),
    )


def _checks(carrier: Carrier, broken: torch.fx.Node | None, assertions: Assertions) -> dict[str, torch.fx.Node]:
    """The outputs about the assumptions."""
    if broken is None:
        return {}
    writer = carrier.end_of_graph()
    if assertions is Assertions.OUTPUT:
        return {VALID: writer.call(_ATEN.eq.Scalar, broken, 0), BROKEN: broken}
    # An index beyond the only element: the runtime fails, and its message contains the number.
    index = writer.call(_ATEN.reshape.default, broken, [1])
    table = writer.call(_ATEN.reshape.default, writer.constant(True), [1])
    found = writer.call(_ATEN.index_select.default, table, 0, index)
    return {VALID: writer.call(_ATEN.reshape.default, found, [])}


def _turned_off(program: torch.export.ExportedProgram, report: Report) -> list[Assumption]:
    """The assumptions of a program that is shipped without them."""
    carrier = Carrier(copied_program(program), report.issues)
    carrier.write()
    kept = (Carried.RUNTIME,)
    return [e if e.carried in kept else e.became(Carried.LOST, "turned off") for e in carrier.assumptions]


def _became(assumption: Assumption, assertions: Assertions) -> Assumption:
    if assertions is Assertions.OUTPUT and assumption.carried is Carried.OPERATOR:
        return assumption.became(Carried.OUTPUT)
    return assumption


def _results(program: torch.export.ExportedProgram) -> list[Any]:
    """The leaves of the result, as nodes or constants."""
    (end,) = program.graph.find_nodes(op="output")
    pairs = zip(end.args[0], program.graph_signature.output_specs, strict=True)
    return [node for node, spec in pairs if spec.kind is OutputKind.USER_OUTPUT]


def _interface(
    program: torch.export.ExportedProgram,
    results: list[Any],
    spec: Any,
    checks: list[str],
    input_writes: Mapping[str, str],
    buffer_writes: Mapping[str, str],
    buffers: Mapping[str, str],
) -> CallInterface:
    kinds = [kind_of(each.meta.get("val")) if isinstance(each, torch.fx.Node) else "constant" for each in results]
    names = unique(names_of_results(spec, len(results)))
    held = [name if kind != "constant" else each for kind, name, each in zip(kinds, names, results, strict=True)]
    own = [name for name, kind in zip(names, kinds, strict=True) if kind != "constant"]
    signature = program.graph_signature
    placeholders = program.graph.find_nodes(op="placeholder")
    inputs = [n for n, s in zip(placeholders, signature.input_specs, strict=True) if s.kind is InputKind.USER_INPUT]
    inputs = [node for node in inputs if node.name not in buffers]
    return CallInterface(
        inputs=tuple(node.name for node in inputs),
        input_kinds=tuple(kind_of(node.meta.get("val")) for node in inputs),
        outputs=(*own, *checks, *input_writes.values(), *buffer_writes.values()),
        results=tuple(zip(kinds, held, strict=True)),
        input_writes=input_writes,
        state={name: buffer_writes[buffer] for name, buffer in buffers.items()},
        buffers=buffers,
    )
