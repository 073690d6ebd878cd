"""`torchdraft explain`: print the documentation page of a rule."""

from __future__ import annotations

from typing import Annotated

import typer

from .shared.console import usage_errors_printed


def _codes(beginning: str) -> list[tuple[str, str]]:
    """The codes that complete a word, with their names."""
    from torchdraft.rules import all_rules

    return [(rule.code, rule.name) for rule in all_rules() if rule.code.startswith(beginning)]


def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A code (TD101) or a name.", autocompletion=_codes)],
) -> None:
    """Print the documentation page of a rule."""
    with usage_errors_printed():
        from rich.console import Console

        from torchdraft._targets.usage_error import UsageError
        from torchdraft.rules import all_rules, rule_named

        found = rule_named(rule)
        if found is None:
            codes = ", ".join(each.code for each in all_rules())
            raise UsageError(f"there is no rule {rule!r}", expected=f"one of {codes}", advice="torchdraft rules")
        console = Console()
        if console.is_terminal:
            from rich.markdown import Markdown  # takes long to import

            console.print(Markdown(found.page()))
        else:
            typer.echo(found.page(), nl=False)
