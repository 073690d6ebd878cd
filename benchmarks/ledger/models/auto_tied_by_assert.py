"""An assertion ties the lengths of two inputs, named by keyword."""

import torch


class Align(torch.nn.Module):
    def forward(self, *, audio, text):
        assert audio.shape[1] == text.shape[1], "lengths differ"  # expect: TD202
        return audio + text


def build():
    auto = torch.export.Dim.AUTO
    inputs = {"audio": torch.ones(2, 5), "text": torch.ones(2, 5)}
    return Align(), (), inputs, {"audio": {1: auto}, "text": {1: auto}}
