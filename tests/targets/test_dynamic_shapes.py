import pytest
import torch

from torchdraft._targets.dynamic_shapes import check_dynamic_shapes


@pytest.mark.parametrize("shapes", [None, {}, (), {"x": None}, ({0: 2},), torch.export.ShapesCollection()])
def test_dynamic_shapes_that_fit(shapes):
    check_dynamic_shapes(torch.nn.ReLU(), (torch.ones(1),), {}, {"input": None} if shapes == {"x": None} else shapes)
