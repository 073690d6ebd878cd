"""Sampling with a penalty for repeated tokens, a stop at the end token, a cache in a list of the model's own."""

import torch


class Generator(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.eye(6).roll(1, 1) * 5)
        self.past = []

    def forward(self, token, limit):
        produced = []
        for _ in range(int(limit)):  # expect: TD102
            logits = self.table[token]
            self.past.append(logits)  # expect: TD402
            for earlier in produced:
                logits = logits.index_fill(0, earlier, -1.0)
            token = logits.argmax()
            produced.append(token)
            if token.item() == 4:  # expect: TD101 x3
                break
        return torch.stack(produced)


def build():
    return Generator(), (torch.tensor(1), torch.tensor(5))
