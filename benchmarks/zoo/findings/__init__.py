"""Compares the findings of `torch.export.draft_export` and torchdraft, and measures the rate of false alarms.

`python -m benchmarks.zoo.findings` drafts every model of the zoo with both, each in its own process. It lists the
findings of torch that torchdraft lacks, and the issues of torchdraft on models that plain export handles correctly.
"""
