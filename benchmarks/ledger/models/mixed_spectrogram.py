"""Silence cut off by a threshold on the host, frames counted from what is left, a window cached by its length."""

import numpy
import torch


class Trimmed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.windows = {}

    def window(self, length):
        if length not in self.windows:
            self.windows[length] = torch.hann_window(length)  # expect: TD402 note
        return self.windows[length]

    def forward(self, wave):
        loud = numpy.flatnonzero(numpy.abs(wave.numpy()) > 0.1)  # expect: TD103
        wave = wave[loud[0] : loud[-1] + 1]
        frames = wave.unfold(0, 4, 2) * self.window(4)
        return torch.fft.rfft(frames).abs()


def build():
    return Trimmed(), (torch.tensor([0.0, 0.5, 1.0, -1.0, 0.5, 0.3, 0.2, 0.0]),)
