"""Recurrent layers on packed sequences, step by step: how many rows each step has is data, read once and asserted.

The operator of torch (`aten.lstm.data`) reads the batch sizes again wherever it is taken apart. A program that holds it
can be run, but neither decomposed nor exported again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from .packed_sequences import numbers

if TYPE_CHECKING:
    from .function_mode import HostReads

State = tuple[torch.Tensor, ...]
"""`(hidden,)`, or `(hidden, cell)` of an LSTM; rows first."""
Step = Callable[[torch.Tensor, State, Sequence[torch.Tensor], bool], State]


def recurrent(step: Step) -> Callable[[HostReads, Any, Any], Any]:
    """A handler of `(data [sum, in], batch sizes [T], hx, weights, has_biases, layers, dropout, train, bidirectional)`.

    It gives `(data [sum, out], *final states [layers * directions, B, hidden])`.
    """

    def run(mode: HostReads, args: Any, _kwargs: Any) -> Any:
        data, batch_sizes, hx, weights, has_biases, layers, dropout, train, bidirectional = args
        sizes = numbers(mode, batch_sizes, "batch_sizes")
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

    return run


def is_packed(args: Any) -> bool:
    """Whether a recurrent function is called with batch sizes: the weights come fourth then."""
    return len(args) > 3 and isinstance(args[3], (list, tuple))


def _stepped(step: Step, weights: Sequence[torch.Tensor], has_biases: bool, x: torch.Tensor, state: State) -> State:
    return step(x, state, weights, has_biases)


Walk = Callable[[torch.Tensor, State], State]


def _forward(rows: Sequence[torch.Tensor], start: State, step: Walk) -> tuple[torch.Tensor, State]:
    """Longest sequences first: those that end leave their state behind."""
    count = rows[0].shape[0]
    state, outs, left = tuple(s[:count] for s in start), [], []
    for row in rows:
        if row.shape[0] < count:
            count = row.shape[0]
            left.append(tuple(s[count:] for s in state))
            state = tuple(s[:count] for s in state)
        state = step(row, state)
        outs.append(state[0])
    left.append(state)
    return torch.cat(outs), tuple(torch.cat(parts) for parts in zip(*reversed(left), strict=True))


def _backward(rows: Sequence[torch.Tensor], start: State, step: Walk) -> tuple[torch.Tensor, State]:
    """From the last step back: shorter sequences join with the state they start from."""
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
    """One step of an LSTM, with the projection of its hidden state where it has one."""
    projected = len(weights) % 2 == 1
    hidden, cell = state
    if not projected:
        return tuple(torch.lstm_cell(x, [hidden, cell], *weights))
    inner, recurrent_weights = weights[:2]
    biases = weights[2:4] if has_biases else (None, None)
    gates = functional.linear(x, inner, biases[0]) + functional.linear(hidden, recurrent_weights, biases[1])
    taken, kept, new, given = gates.chunk(4, 1)
    cell = kept.sigmoid() * cell + taken.sigmoid() * new.tanh()
    return functional.linear(given.sigmoid() * cell.tanh(), weights[-1]), cell


def _cell(cell: Callable[..., torch.Tensor]) -> Step:
    return lambda x, state, weights, _has_biases: (cell(x, state[0], *weights),)


RECURRENT = {
    "lstm": recurrent(lstm_step),
    "gru": recurrent(_cell(torch.gru_cell)),
    "rnn_tanh": recurrent(_cell(torch.rnn_tanh_cell)),
    "rnn_relu": recurrent(_cell(torch.rnn_relu_cell)),
}
"""By the name of the function of `torch._VF`."""
