"""Drafts a model that branches on data, along the path of the example and with both sides, and lists the graphs."""

from __future__ import annotations

import torch

import torchdraft


class Gate(torch.nn.Module):
    """Scales loud inputs, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("loud", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.abs().max() > 1:
            self.loud += 1
            x = x / x.abs().max()
        return x.cumsum(0)


_ASSERTED = "Runtime assertion failed for expression "
LOUD, QUIET = torch.tensor([3.0, -4.0]), torch.tensor([0.5, 0.25])


def listing(program: torch.export.ExportedProgram) -> None:
    """Prints each graph of a program, one operation on a line."""
    for name, module in program.graph_module.named_modules():
        if isinstance(module, torch.fx.GraphModule):
            inputs = ", ".join(node.name for node in module.graph.find_nodes(op="placeholder"))
            print(f"{name or 'program'}({inputs}):")
            for node in module.graph.nodes:
                if node.op == "call_function":
                    called = getattr(node.target, "__name__", str(node.target)).partition(".")[0]
                    print(f"    {node.name} = {called}({', '.join(map(str, node.args))})".replace(_ASSERTED, ""))
                if node.op == "output":
                    print(f"    return {', '.join(map(str, node.args[0]))}")


if __name__ == "__main__":
    listing(torchdraft.draft_export(Gate(), (LOUD,)))
    program = torchdraft.draft_export(Gate(), (LOUD,), paths="all")
    listing(program)
    print(program._report)
    print(program.module()(QUIET))
