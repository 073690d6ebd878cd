"""Postprocessing of a detector: a threshold, an empty check, a limit that is a Python number, a note in the log."""

import numpy
import torch


class Detections(torch.nn.Module):
    def forward(self, boxes, scores, limit):
        keep = scores > 0.3
        boxes, scores = boxes[keep], scores[keep]
        if boxes.shape[0] == 0:  # expect: TD101
            return boxes, scores
        order = numpy.argsort(-scores.numpy())  # expect: TD103
        order = torch.from_numpy(order.copy())[: int(limit)]  # expect: TD102
        return boxes[order], scores[order]


def build():
    return Detections(), (torch.arange(16.0).view(4, 4), torch.tensor([0.9, 0.1, 0.5, 0.7]), torch.tensor(2))
