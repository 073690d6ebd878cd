"""A function that checks arguments as libraries do, by shape, by dtype and by value."""

import torch


def checked(labels, classes):
    if labels.dim() != 1:
        raise ValueError(f"one dimension, not {labels.shape}")
    if labels.dtype != torch.int64:
        raise TypeError(f"int64, not {labels.dtype}")
    if labels.min() < 0 or labels.max() >= classes:  # expect: TD101, TD101
        raise ValueError(f"classes from 0 to {classes - 1}, not {labels}")
    return labels


class Accuracy(torch.nn.Module):
    def forward(self, logits, labels):
        labels = checked(labels, logits.shape[1])
        return (logits.argmax(1) == labels).float().mean()


def build():
    return Accuracy(), (torch.eye(3), torch.tensor([0, 1, 1]))
