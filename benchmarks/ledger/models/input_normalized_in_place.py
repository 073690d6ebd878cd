"""Normalizes images given as a list, through a function, in place."""

import torch


def normalize_(image):
    image -= 0.5  # expect: TD401, TD401
    return image


class Transform(torch.nn.Module):
    def forward(self, images):
        return torch.stack([normalize_(image) for image in images])


def build():
    return Transform(), ([torch.rand(3, 2, 2), torch.rand(3, 2, 2)],)
