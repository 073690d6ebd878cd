"""What the serializer needs of each node."""

from __future__ import annotations

import pytest
import torch

from torchdraft._draft.finish.saving.saved_metadata import number_quantized_dtypes


@pytest.mark.filterwarnings("ignore")  # such tensors are to go from torch
@pytest.mark.parametrize("dtype", [torch.qint8, torch.quint8, torch.qint32])
def test_a_number_in_the_place_of_a_quantized_dtype_means_the_dtype(dtype):
    graph = torch.fx.Graph()
    x = graph.placeholder("x")
    positional = graph.call_function(torch.ops.aten.quantize_per_tensor.default, (x, 0.5, 1, dtype))
    named = graph.call_function(torch.ops.aten.quantize_per_tensor.default, (x, 0.5, 1), {"dtype": dtype})
    plain = graph.call_function(torch.ops.aten.to.dtype, (x, torch.float64))
    graph.output((positional, named, plain))
    assert number_quantized_dtypes(graph)
    assert isinstance(positional.args[3], int)
    assert isinstance(named.kwargs["dtype"], int)
    assert not number_quantized_dtypes(graph)
    results = torch.fx.GraphModule(torch.nn.Module(), graph)(torch.ones(2))
    assert [result.dtype for result in results] == [dtype, dtype, torch.float64]
