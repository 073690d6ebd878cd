"""Constants of the bodies of control flow operators, in programs that are saved, decomposed and exported again."""

from __future__ import annotations

import io

import pytest
import torch

import torchdraft
from tests.cases import constants_in_bodies
from tests.engine.compare import difference


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # run_decompositions of torch
def test_constants_are_inputs_that_the_program_supplies():
    model, case = constants_in_bodies.Model(), constants_in_bodies.CASE
    args, _ = case.example()
    program = torchdraft.draft_export(model, args)
    for module in program.graph_module.modules():
        assert not list(module.named_buffers(recurse=False))
    assert len(program.graph_signature.lifted_tensor_constants) == 7
    file = io.BytesIO()
    torchdraft.save(program, file)
    file.seek(0)
    again = torchdraft.draft_export(program.module(), args)
    for made in (program, torch.export.load(file), program.run_decompositions(), again, again.run_decompositions()):
        for call in (case.example, *case.right):
            given, _ = call()
            assert difference(made.module()(*given), model(*given)) == ""
