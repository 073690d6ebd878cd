"""The options `--logs` and `--log-file`: torch's logs for one command."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

LogsOption = Annotated[
    str,
    typer.Option(
        "--logs",
        metavar="NAMES",
        help="Logs of torch to write, as in TORCH_LOGS: export,dynamo,guards; +dynamo for more, -dynamo for less.",
    ),
]

LogFileOption = Annotated[Path | None, typer.Option("--log-file", help="Write them there, besides to standard error.")]

_NAMES = re.compile(r"[+-]?[\w.]+(,[+-]?[\w.]+)*")


@contextmanager
def torch_logs(names: str, file: Path | None) -> Iterator[None]:
    """In this block torch writes these logs. torch reads two environment variables when it is imported, or again on
    request; they are as before after the block.
    """
    from torchdraft._targets.output import check_writable
    from torchdraft._targets.usage_error import UsageError

    if not names:
        if file is not None:
            raise UsageError("--log-file without --logs", expected="--logs export,dynamo --log-file FILE")
        yield
        return
    if not _NAMES.fullmatch(names):
        raise UsageError(f"--logs {names!r}", expected="names of torch's logs with commas: export,+dynamo,guards")
    if file is not None:
        check_writable(file, "--log-file", "")
    wanted = {"TORCH_LOGS": names, **({"TORCH_LOGS_OUT": str(file)} if file is not None else {})}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        _read_by_torch(names)
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if "torch" in sys.modules:
            from torchdraft._torch.logs import logs_as_the_environment_says

            logs_as_the_environment_says()


def _read_by_torch(names: str) -> None:
    """Makes torch read the variables. It raises for a name that it does not know."""
    from torchdraft._targets.usage_error import UsageError

    known = "torch" in sys.modules
    try:
        from torchdraft._torch.logs import init_logs

        if known:
            init_logs()
    except ValueError as error:
        text = str(error).strip().partition("\n")[0]
        raise UsageError(
            f"--logs {names!r}: {text}", expected="names of torch's logs: export,+dynamo,guards"
        ) from error
