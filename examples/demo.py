"""A third-party model that `torch.export.export` refuses, drafted, saved, loaded and compared with eager.

    python examples/demo.py

The model is `vector-quantize-pytorch`'s residual quantizer between two convolutions: the core of many audio codecs.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from vector_quantize_pytorch import ResidualVQ

import torchdraft

console = Console()
progress = Console(stderr=True)


class Codec(torch.nn.Module):
    """Waveform in, waveform and codes out."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = torch.nn.Conv1d(1, 64, kernel_size=16, stride=8)
        self.quantizer = ResidualVQ(dim=64, codebook_size=256, num_quantizers=8)
        self.decoder = torch.nn.ConvTranspose1d(64, 1, kernel_size=16, stride=8)

    def forward(self, wave: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        quantized, codes, _ = self.quantizer(self.encoder(wave).transpose(1, 2))
        return self.decoder(quantized.transpose(1, 2)), codes


def build() -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """The model and its example: also a target for `torchdraft export examples/demo.py:build`."""
    torch.manual_seed(0)
    return Codec().eval(), (torch.randn(2, 1, 4000),)


def timed(export: Callable[..., Any], times: int = 3) -> tuple[Any, float, str]:
    """The program, the median seconds of `times` fresh models, and the first line of the exception if there was one."""
    seconds, program, error = [], None, ""
    for _ in range(times):
        model, args = build()
        began = time.perf_counter()
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # torch prints the graph so far when it refuses a model
                program = export(model, args)
        except Exception as raised:
            error = f"{type(raised).__name__}: {str(raised).strip().splitlines()[0]}"
        seconds.append(time.perf_counter() - began)
    return program, sorted(seconds)[times // 2], error


def saved_and_loaded(program: Any) -> tuple[Any, int]:
    """The program as another process would see it, and the size of its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "codec.pt2"
        torchdraft.save(program, path)
        return torchdraft.load(path), path.stat().st_size


def main() -> int:
    """Returns 0 when the loaded program equals eager."""
    exporters = {
        "torch.export.export": lambda model, args: torch.export.export(model, args, strict=False),
        "torch.export.draft_export": torch.export.draft_export,
        "torchdraft.draft_export": torchdraft.draft_export,
    }
    results = {}
    for name, export in exporters.items():
        with progress.status(f"{name} …"):
            results[name] = timed(export)

    _, _, refusal = results["torch.export.export"]
    console.print(f"torch.export.export: {refusal or 'gives a program'}\n", highlight=False, markup=False)
    program = results["torchdraft.draft_export"][0]
    if console.is_terminal:
        console.print(program._report)
    else:
        print(program._report)

    with progress.status("saving, loading, comparing …"):
        loaded, size = saved_and_loaded(program)
        model, args = build()
        with torch.no_grad():
            expected, got = model(*args), loaded.module()(*args)
    difference = max((left - right).abs().max().item() for left, right in zip(expected, got))
    equal = all(torch.allclose(left, right, atol=1e-5) for left, right in zip(expected, got))

    table = Table(box=None, pad_edge=False)
    for heading in ("", "seconds", "outcome"):
        table.add_column(heading, header_style="dim", no_wrap=heading != "outcome")
    for name, (_, seconds, error) in results.items():
        table.add_row(name, f"{seconds:.2f}", error[:60] or "a program")
    console.print()
    console.print(table)
    console.print(f"\nsaved ({size / 1e6:.1f} MB), loaded, compared with eager: largest difference {difference:.2g}")
    console.print("equal" if equal else "NOT EQUAL", style="bold green" if equal else "bold red")
    return 0 if equal else 1


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # torch's internals warn about themselves; the exporters are what is shown
    logging.disable(logging.WARNING)
    sys.exit(main())
