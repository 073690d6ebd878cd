"""The one door to torch's private modules: every other folder imports them from here. Imports torch alone.

The first import of this package checks the version of torch.
"""

from .probe import check_version

check_version()
