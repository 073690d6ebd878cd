"""Names that programs saved before 2026-11-30 refer to. `torchdraft.saved` is the current home of each."""
