"""What proves and measures torchdraft: random programs, a zoo of models, and races against torch's own export."""
