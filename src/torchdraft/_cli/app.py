"""The command line: puts the commands together."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from .check import check
from .compare import compare
from .explain import explain
from .export import export
from .kernels import kernels
from .new_rule.command import new_rule_command
from .rules import rules
from .run import run
from .schema import schema
from .ship import ship
from .show import show
from .verify import verify
from .view import view

app = typer.Typer(
    help="A graph, always, and everything that stands between a PyTorch model and a sound export.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: flags without a type, and no import of rich for it
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # takes long to import

        typer.echo(f"torchdraft {version('torchdraft')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""
    # The log line of a draft says what the printed report says. Without a handler, Python would print its warnings.
    log = logging.getLogger("torchdraft")
    if not log.handlers:
        log.addHandler(logging.NullHandler())


# In the order of `torchdraft --help`.
app.command()(export)
app.command()(check)
app.command()(verify)
app.command()(view)
app.command()(ship)
app.command()(kernels)
app.command()(compare)
app.command()(show)
app.command()(run)
app.command()(explain)
app.command()(rules)
app.command("new-rule")(new_rule_command)
app.command()(schema)


if __name__ == "__main__":
    app()
