"""What the reports of `torch.export.draft_export` and of torchdraft find, side by side, and the rate of false alarms.

`python -m benchmarks.zoo.findings` drafts every model of the zoo with both, each in a process of its own, lists what
torch's report has and torchdraft's has not, and what torchdraft reports about models that plain export takes soundly.
"""
