"""Packing sequences for an LSTM reads their lengths on the host."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 4, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)  # expect: TD103
        out, _ = self.lstm(packed)  # expect: TD103 note
        return pad_packed_sequence(out, batch_first=True)[0]  # expect: TD103 note


def build():
    return Encoder(), (torch.ones(3, 5, 3), torch.tensor([2, 5, 3]))
