"""Small models, each with a hand-written list of the issues that its report must contain, and their lines.

A model is a function under `@model` in a file of `models/`. It returns the module, its arguments and, where needed,
keyword arguments and dynamic shapes. Its docstring explains the expected report. The classes it uses follow it, up to
the next `@model`. Comments on these lines list the expected issues:

    # expect: TD101                     an issue of rule TD101 on this line
    # expect: TD101, TD103              two issues on this line
    # expect: TD103 note                the severity differs from the rule's default
    # expect: TD101 x3                  the issue must have three occurrences
    # expect without a line: TD903      an issue without a location (the comment stands on a line by itself)

The lists are derived from the pages of the rules, never copied from a report.

`python -m tests.ledger` drafts all models and prints recall and precision.
"""
