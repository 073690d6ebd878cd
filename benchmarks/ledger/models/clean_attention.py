"""Nothing wrong: a transformer layer with a padding mask and dynamic sizes."""

import torch


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(16, 8, padding_idx=0)
        self.layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)

    def forward(self, ids):
        x = self.embedding(ids)
        causal = torch.nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        return self.layer(x, src_mask=causal, src_key_padding_mask=(ids == 0).float() * -1e4).mean(1)


def build():
    ids = torch.tensor([[3, 4, 5, 0], [6, 7, 0, 0]])
    return Encoder().train(), (ids,), {}, {"ids": {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=64)}}
