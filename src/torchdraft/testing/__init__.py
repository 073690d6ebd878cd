"""Testing: the public functions that tests of models and of rules use.

`assert_exportable` drafts a model and fails if it has issues; `check_rule` runs the examples of a rule's page. May
import the public API, `rules`, `model`, `_check`, `_targets` and `_render`.
"""

from .exportable import assert_exportable
from .rule_check import check_rule

__all__ = ["assert_exportable", "check_rule"]
