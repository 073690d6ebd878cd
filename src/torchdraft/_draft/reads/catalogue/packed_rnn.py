"""Recurrent layers on packed sequences, unrolled: the number of rows of each step is data, read once and asserted.

torch's operator (`aten.lstm.data`) reads the batch sizes again wherever it is decomposed. A program that contains the
operator runs, but can neither be decomposed nor exported again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from ..registry import SymbolicTrace, host_read
from .packed_sequences import read_integers

State = tuple[torch.Tensor, ...]
"""`(hidden,)`, or `(hidden, cell)` of an LSTM; rows first."""
Step = Callable[[torch.Tensor, State, Sequence[torch.Tensor], bool], State]

_REASON = "`aten.lstm.data` and its like read the batch sizes in C++ when a program is decomposed or exported again."


def _has_batch_sizes(args: Any) -> bool:
    """Whether a recurrent function is called for packed sequences: its fourth argument is the weights then."""
    return len(args) > 3 and isinstance(args[3], (list, tuple))


@host_read("lstm", when=_has_batch_sizes, asserted=False, why=_REASON)
def lstm(trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`torch._VF.lstm`."""
    return _unrolled(trace, lstm_step, *args)


@host_read("gru", when=_has_batch_sizes, asserted=False, why=_REASON)
def gru(trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`torch._VF.gru`."""
    return _unrolled(trace, _step_of(torch.gru_cell), *args)


@host_read("rnn_tanh", when=_has_batch_sizes, asserted=False, why=_REASON)
def rnn_tanh(trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`torch._VF.rnn_tanh`."""
    return _unrolled(trace, _step_of(torch.rnn_tanh_cell), *args)


@host_read("rnn_relu", when=_has_batch_sizes, asserted=False, why=_REASON)
def rnn_relu(trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`torch._VF.rnn_relu`."""
    return _unrolled(trace, _step_of(torch.rnn_relu_cell), *args)


def _unrolled(
    trace: SymbolicTrace,
    step: Step,
    data: torch.Tensor,
    batch_sizes: torch.Tensor,
    hx: Any,
    weights: Sequence[torch.Tensor],
    has_biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[torch.Tensor, ...]:
    """`data` is `[sum, in]`, `batch_sizes` `[T]`. Returns `(data [sum, out], *final states [layers * directions, B,
    hidden])`.
    """
    sizes = read_integers(trace, batch_sizes, "batch_sizes")
    states = hx if isinstance(hx, (list, tuple)) else (hx,)
    for state in states:
        torch._check(state.shape[1] == sizes[0])
    start = [state.unbind(0) for state in states]
    directions = 2 if bidirectional else 1
    per = len(weights) // (layers * directions)
    finals: list[State] = []
    for layer in range(layers):
        outs = []
        for direction in range(directions):
            place = layer * directions + direction
            own = weights[place * per : (place + 1) * per]
            walk = _backward if direction else _forward
            first = tuple(of_kind[place] for of_kind in start)
            out, final = walk(data.split(sizes), first, partial(_stepped, step, own, has_biases))
            outs.append(out)
            finals.append(final)
        data = torch.cat(outs, -1) if bidirectional else outs[0]
        if dropout and train and layer < layers - 1:
            data = torch.dropout(data, dropout, True)
    return data, *(torch.stack(states) for states in zip(*finals, strict=True))


def _stepped(step: Step, weights: Sequence[torch.Tensor], has_biases: bool, x: torch.Tensor, state: State) -> State:
    return step(x, state, weights, has_biases)


Walk = Callable[[torch.Tensor, State], State]


def _forward(rows: Sequence[torch.Tensor], start: State, step: Walk) -> tuple[torch.Tensor, State]:
    """The sequences are sorted by falling length: the state of those that end is final."""
    count = rows[0].shape[0]
    state, outs, ended = tuple(s[:count] for s in start), [], []
    for row in rows:
        if row.shape[0] < count:
            count = row.shape[0]
            ended.append(tuple(s[count:] for s in state))
            state = tuple(s[:count] for s in state)
        state = step(row, state)
        outs.append(state[0])
    ended.append(state)
    return torch.cat(outs), tuple(torch.cat(parts) for parts in zip(*reversed(ended), strict=True))


def _backward(rows: Sequence[torch.Tensor], start: State, step: Walk) -> tuple[torch.Tensor, State]:
    """From the last step back: shorter sequences join with their initial state."""
    count = rows[-1].shape[0]
    state, outs = tuple(s[:count] for s in start), []
    for row in reversed(rows):
        if row.shape[0] > count:
            joined = [(s, first[count : row.shape[0]]) for s, first in zip(state, start, strict=True)]
            state, count = tuple(torch.cat(parts) for parts in joined), row.shape[0]
        state = step(row, state)
        outs.append(state[0])
    return torch.cat(outs[::-1]), state


def lstm_step(x: torch.Tensor, state: State, weights: Sequence[torch.Tensor], has_biases: bool) -> State:
    """One step of an LSTM, with or without a projection of its hidden state."""
    projected = len(weights) % 2 == 1
    hidden, cell = state
    if not projected:
        return tuple(torch.lstm_cell(x, [hidden, cell], *weights))
    inner, recurrent_weights = weights[:2]
    biases = weights[2:4] if has_biases else (None, None)
    gates = functional.linear(x, inner, biases[0]) + functional.linear(hidden, recurrent_weights, biases[1])
    into, forget, new, out = gates.chunk(4, 1)
    cell = forget.sigmoid() * cell + into.sigmoid() * new.tanh()
    return functional.linear(out.sigmoid() * cell.tanh(), weights[-1]), cell


def _step_of(cell: Callable[..., torch.Tensor]) -> Step:
    return lambda x, state, weights, _has_biases: (cell(x, state[0], *weights),)
