import importlib.util
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
spec = importlib.util.spec_from_file_location("one_door", TOOLS / "one_door.py")
one_door = importlib.util.module_from_spec(spec)
spec.loader.exec_module(one_door)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import torch._guards", "torch._guards"),
        ("import torch.fx._lazy as lazy", "torch.fx._lazy"),
        ("from torch._guards import tracing", "torch._guards.tracing"),
        ("from torch.export import _trace", "torch.export._trace"),
        ("from torch import _C", "torch._C"),
        ("import torch\ntorch._C._get_tracing_state()", "torch._C._get_tracing_state"),
        ("import torch as t\nt.utils._pytree", "torch.utils._pytree"),
        ("from torch import fx\nfx._lazy", "torch.fx._lazy"),
        ("import torch.utils\ntorch._dynamo.reset()", "torch._dynamo.reset"),
        ("def f():\n    return torch._C\nimport torch", "torch._C"),
        ("import torch\ngetattr(torch, '_C')", "torch._C"),
        ("import torch\nsetattr(torch.fx, '_x', 1)", "torch.fx._x"),
        ("from importlib import import_module\nimport_module('torch._guards')", "torch._guards"),
        ("__import__('torch._guards')", "torch._guards"),
        ("import torch\ntorch.fx._x = 1", "torch.fx._x"),
        ("from torch.export import ExportedProgram\nExportedProgram._x", "torch.export.ExportedProgram._x"),
    ],
)
def test_a_private_reach_is_found(source, name):
    assert name in [found for _, found in one_door.reaches(source)]


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.fx.GraphModule",
        "import torch\ntorch.__version__",
        "import torch\ntorch._check(True)",
        "import torch\ntorch.ops.aten._assert_async.msg",
        "import torch\nep._report",
        "from ._torch.fake import mode",
        "from torchdraft._torch import fake",
        "import torch_geometric._x",
        "self._x = torch.ones(1)",
    ],
)
def test_what_is_public_or_not_torchs_is_left_alone(source):
    assert one_door.reaches(source) == []


def test_the_line_is_named():
    assert one_door.reaches("x = 1\nimport torch._guards") == [(2, "torch._guards")]


def test_only_the_door_is_left_out():
    files = {path.relative_to(one_door.ROOT).as_posix() for path in one_door.checked_files(("src",))}
    assert "src/torchdraft/_draft/pipeline.py" in files
    assert not [file for file in files if file.startswith("src/torchdraft/_torch/")]
    assert (one_door.DOOR / "__init__.py").exists()
