"""Ships a program: checks the call, prepares the program, writes the file, runs it beside eager."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from torchdraft._draft.finish.numbers.conditions import by_symbol
from torchdraft._verify.verify import verify
from torchdraft.model import Verification
from torchdraft.model.shipment import Shipment

from .aoti import write_aoti
from .executorch import write_executorch
from .onnx import write_onnx
from .prepared import Assertions, Prepared, prepared
from .sizes import by_counting, by_shape_operator

DEFAULT_TRIALS = 8

SIZES = {"onnx": by_shape_operator, "executorch": by_counting, "aoti": by_symbol}
"""Runtime → how its programs read sizes. The code of AOTInductor compares the sizes of its inputs itself."""

Write = Callable[[Prepared, Path, dict[str, Any]], None]


def to_onnx(
    program: torch.export.ExportedProgram,
    path: str | os.PathLike[str],
    *,
    assertions: str = "raise",
    model: torch.nn.Module | None = None,
    trials: int = DEFAULT_TRIALS,
    seed: int = 0,
    **options: Any,
) -> Shipment:
    """Writes a program as an ONNX model with `torch.onnx.export`, runs it with ONNX Runtime, and compares.

    An ONNX model has no assertions, and torch's exporter drops those of the program. Here each is carried:

    - `assertions="raise"`: a `Gather` with an index beyond its data fails where an assumption does not hold. The index
      in its message is the number of the assumption (`shipment.explain(error)`). It fails in ONNX Runtime on CPU.
    - `assertions="output"`: the outputs `torchdraft_valid` (bool) and `torchdraft_broken` (the number of the first
      broken assumption, 0 for none) have to be read after each call. For runtimes that do not check indices.
    - `assertions="off"`: the model is silently wrong on other inputs, and the report's severities say so.

    Writes to inputs and to buffers become outputs called `<name>.after`. A buffer that is written becomes an input too,
    whose default is the value of now: pass the output of one call to the next.

    Args: program: an exported program; of torchdraft, if the assumptions shall have names. path: of the `.onnx` file.
    model: the model, to compare with; by default the program itself. trials: how many inputs to run, the example first;
    0 for none. seed: of the drawn inputs. options: further options of `torch.onnx.export`.

    Returns a `Shipment`. Raises `MissingExtra` if the packages of the extra `onnx` are not installed, `ValueError` or
    `TypeError` if the call is wrong or ONNX has no translation of an operator, and what `torch.onnx.export` raises.

    """
    return _ship("onnx", ".onnx", write_onnx, program, path, assertions, model, trials, seed, options)


def to_executorch(
    program: torch.export.ExportedProgram,
    path: str | os.PathLike[str],
    *,
    assertions: str = "raise",
    model: torch.nn.Module | None = None,
    trials: int = DEFAULT_TRIALS,
    seed: int = 0,
    **options: Any,
) -> Shipment:
    """Writes a program for ExecuTorch (`.pte`), runs it, and compares. The arguments are those of `to_onnx`.

    `options`: `partitioner`, which is passed to `to_edge_transform_and_lower`, and `config`, an
    `ExecutorchBackendConfig`.
    """
    return _ship("executorch", ".pte", write_executorch, program, path, assertions, model, trials, seed, options)


def to_aoti(
    program: torch.export.ExportedProgram,
    path: str | os.PathLike[str],
    *,
    assertions: str = "raise",
    model: torch.nn.Module | None = None,
    trials: int = DEFAULT_TRIALS,
    seed: int = 0,
    **options: Any,
) -> Shipment:
    """Compiles a program with AOTInductor to a package (`.pt2`), runs it, and compares. The arguments are those of
    `to_onnx`; `options` are inductor's configuration.

    AOTInductor drops conditions on the sizes of inputs. Each is written as an assertion on a tensor, which it keeps;
    its message names the assumption.
    """
    return _ship("aoti", ".pt2", write_aoti, program, path, assertions, model, trials, seed, options)


def _ship(
    runtime: str,
    ending: str,
    write: Write,
    program: torch.export.ExportedProgram,
    path: str | os.PathLike[str],
    assertions: str,
    model: torch.nn.Module | None,
    trials: int,
    seed: int,
    options: Mapping[str, Any],
) -> Shipment:
    file = _checked(program, path, ending, assertions, trials)
    made = prepared(program, Assertions(assertions), SIZES[runtime], in_place=runtime == "aoti")
    write(made, file, dict(options))
    interface = made.interface
    return Shipment(
        path=str(file),
        runtime=runtime,
        assumptions=made.assumptions,
        trials=_compared(program, file, model, trials, seed) if trials else None,
        report=made.report,
        inputs=(*interface.inputs, *interface.state),
        outputs=interface.outputs,
        input_writes=interface.input_writes,
        state=interface.state,
        notes=made.notes,
    )


def _checked(program: Any, path: Any, ending: str, assertions: str, trials: int) -> Path:
    if not isinstance(program, torch.export.ExportedProgram):
        raise TypeError(f"expected a torch.export.ExportedProgram, got {type(program).__name__}")
    if assertions not in tuple(Assertions):
        raise ValueError(f"assertions={assertions!r}: expected one of {', '.join(map(repr, map(str, Assertions)))}")
    if trials < 0:
        raise ValueError(f"trials={trials}: expected how many inputs to run, 0 for none")
    file = Path(path)
    if file.suffix != ending:
        raise ValueError(f"path={str(file)!r}: expected a file name that ends in {ending}")
    if not file.parent.is_dir():
        raise ValueError(f"path={str(file)!r}: there is no folder {str(file.parent)!r}")
    return file


def _compared(
    program: torch.export.ExportedProgram, file: Path, model: torch.nn.Module | None, trials: int, seed: int
) -> Verification:
    return verify(program, program.module() if model is None else model, run=file, n=trials, seed=seed, shrink=False)
