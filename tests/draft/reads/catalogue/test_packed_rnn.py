"""Recurrent layers on packed sequences: right for every batch with these lengths, an assertion fails for others."""

import io

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import torchdraft

LENGTHS = torch.tensor([2, 5, 3, 5, 1])
X = torch.randn(5, 5, 4, generator=torch.Generator().manual_seed(0))


class Packed(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, state = self.layer(packed)
        return pad_packed_sequence(out, batch_first=True), state


class Given(Packed):
    """The input is packed already, so the batch sizes are data of the call."""

    def forward(self, data, batch_sizes):
        out, state = self.layer(PackedSequence(data, batch_sizes))
        return out.data, state


LAYERS = {
    "lstm": lambda: nn.LSTM(4, 3),
    "lstm, layers, both ways": lambda: nn.LSTM(4, 3, num_layers=2, bidirectional=True),
    "lstm, projected": lambda: nn.LSTM(4, 6, proj_size=3, num_layers=2, bidirectional=True),
    "lstm, projected, no biases": lambda: nn.LSTM(4, 6, proj_size=3, bias=False),
    "lstm, no biases": lambda: nn.LSTM(4, 3, bias=False),
    "gru": lambda: nn.GRU(4, 3, num_layers=2, bidirectional=True),
    "gru, no biases": lambda: nn.GRU(4, 3, bias=False),
    "tanh": lambda: nn.RNN(4, 3, bidirectional=True),
    "relu": lambda: nn.RNN(4, 3, num_layers=3, nonlinearity="relu"),
}


def leaves(value):
    return [leaf for leaf in torch.utils._pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def assert_same(got, want):
    assert len(leaves(got)) == len(leaves(want))
    for have, wish in zip(leaves(got), leaves(want), strict=True):
        torch.testing.assert_close(have, wish)


@pytest.fixture(params=LAYERS, ids=str)
def model(request):
    torch.manual_seed(1)
    return Packed(LAYERS[request.param]())


def test_as_eager_for_these_lengths_and_an_error_for_others(model):
    program = torchdraft.draft_export(model, (X, LENGTHS))
    assert str(program._report.rung) == "symbolic"
    for x in (X, X + 1):
        assert_same(program.module()(x, LENGTHS), model(x, LENGTHS))
    with pytest.raises(RuntimeError):
        program.module()(X, LENGTHS.clamp(max=4))


@pytest.mark.parametrize("name", ["lstm, projected", "gru", "tanh"])
@pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")
def test_decomposed_saved_and_exported_again(name):
    model = Packed(LAYERS[name]())
    program = torchdraft.draft_export(model, (X, LENGTHS))
    file = io.BytesIO()
    torch.export.save(program.run_decompositions(), file)
    file.seek(0)
    again = torch.export.export(program.module(), (X, LENGTHS), strict=False)
    for module in (torch.export.load(file).module(), again.module()):
        assert_same(module(X - 1, LENGTHS), model(X - 1, LENGTHS))


def test_gradients_flow():
    model = Packed(nn.LSTM(4, 3, bidirectional=True))
    program = torchdraft.draft_export(model, (X, LENGTHS)).module()
    for module in (model, program):
        x = X.clone().requires_grad_()
        module(x, LENGTHS)[0][0].sum().backward()
        module.got = x.grad
    torch.testing.assert_close(program.got, model.got)


def test_batch_sizes_that_are_an_input_are_read_once():
    model = Given(nn.GRU(4, 3))
    packed = pack_padded_sequence(X, LENGTHS, batch_first=True, enforce_sorted=False)
    program = torchdraft.draft_export(model, (packed.data, packed.batch_sizes))
    found = {(issue.code, str(issue.severity)) for issue in program._report.issues}
    assert ("TD103", "guarded") in found
    assert_same(program.module()(packed.data + 1, packed.batch_sizes), model(packed.data + 1, packed.batch_sizes))
    other = pack_padded_sequence(X, LENGTHS.clamp(max=3) + 1, batch_first=True, enforce_sorted=False)
    with pytest.raises((RuntimeError, AssertionError)):
        program.module()(other.data, other.batch_sizes)


def test_dropout_between_layers_drops():
    model = Packed(nn.LSTM(4, 3, num_layers=2, dropout=0.5))
    program = torchdraft.draft_export(model, (X, LENGTHS))
    module = program.module()
    assert not torch.equal(leaves(module(X, LENGTHS))[0], leaves(module(X, LENGTHS))[0])


def test_a_layer_that_is_not_packed_stays_one_operator():
    program = torchdraft.draft_export(nn.LSTM(4, 3), (X,))
    assert [node for node in program.graph.nodes if node.target is torch.ops.aten.lstm.input]
