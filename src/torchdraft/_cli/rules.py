"""`torchdraft rules`: list all rules."""

from __future__ import annotations

from .shared.console import stderr


def rules() -> None:
    """List all rules, including those of other packages."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from torchdraft.rules import all_rules
    from torchdraft.rules.registry import broken_plugins, own_rules

    table = Table(box=None, pad_edge=False)
    shipped = any(rule not in own_rules() for rule in all_rules())
    for heading in ("code", "name", "usual severity", *(["package"] if shipped else [])):
        table.add_column(heading, header_style="dim", no_wrap=True)
    for rule in all_rules():
        package = "" if rule in own_rules() else type(rule).__module__.partition(".")[0]
        table.add_row(rule.code, rule.name, str(rule.severity), *([package] if shipped else []))
    Console().print(table)
    for plugin in broken_plugins():
        stderr().print(Text.assemble(("warning: ", "bold yellow"), f"{plugin.entry}: {plugin.exception}"))
