"""What proves and measures torchdraft: random programs, a zoo of third-party models, and races against torch's own export."""
