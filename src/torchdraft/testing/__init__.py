"""What tests of models and of rules use."""

from .exportable import assert_exportable
from .rule_check import check_rule

__all__ = ["assert_exportable", "check_rule"]
