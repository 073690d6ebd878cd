"""Sequences of several lengths packed for an LSTM and padded again."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 4, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, (hidden, _) = self.lstm(packed)
        padded, _ = pad_packed_sequence(out, batch_first=True)
        return padded, hidden


CASE = Case(
    origin="upstream: packed sequences",
    model=Model,
    example=Call(numbers(3, 5, 3), torch.tensor([2, 5, 3])),
    right=(Call(numbers(3, 5, 3, seed=1), torch.tensor([2, 5, 3])),),
    other=(Call(numbers(3, 5, 3), torch.tensor([5, 5, 1])), Call(numbers(3, 5, 3), torch.tensor([2, 3, 5]))),
    codes=frozenset({"TD103"}),
)
