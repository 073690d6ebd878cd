"""A method returns a tensor of one truth value; the `if` that calls it asks."""

import torch


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.end = 3

    def ended(self, logits):
        return logits.argmax() == self.end

    def forward(self, logits):
        if self.ended(logits):  # expect: TD101
            return logits * 0
        return logits.softmax(-1)


def build():
    return Decoder(), (torch.arange(5.0),)
