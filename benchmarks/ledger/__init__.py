"""Small models, each with a hand-written list of what its report has to say, and where.

A model is a file of `models/` with a function `build()` that returns the module, its arguments and, where there are
some, keyword arguments and dynamic shapes. Comments in the file are the list: `# expect: TD101` on the line to be
named, several codes with commas between them; `TD103 note` where the severity is not the rule's usual one; `TD101 x3`
where the number of occurrences is to be seen; `# expect without a line: TD903` for what belongs to no line. They are
written from the rules' pages and never from what the engine prints.

`python -m benchmarks.ledger` drafts them all and prints recall and precision.
"""
