"""Decodes until every row has ended; counts its calls; prints what it found."""

import torch


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(5, 5, _weight=torch.eye(5).roll(1, 1) * 4)
        self.calls = 0

    def forward(self, token):
        self.calls += 1  # expect: TD402
        tokens = [token]
        for _ in range(10):
            token = self.embedding(token).argmax(-1)
            tokens.append(token)
            if (token == 4).all():  # expect: TD101 x3
                break
        found = torch.stack(tokens, 1)
        print("decoded", found.tolist())  # expect: TD103 note
        return found


def build():
    return Decoder(), (torch.tensor([1, 1]),)
