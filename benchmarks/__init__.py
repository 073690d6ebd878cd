"""Measures torchdraft: speed compared with the exporters of torch, and a zoo of models of many libraries."""
