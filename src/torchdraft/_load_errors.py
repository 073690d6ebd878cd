"""Says what a file needs that the process which loads it does not have: classes, operators, modules."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from typing import Any, NoReturn

import torch

from ._torch.pytree import is_known_in_files
from .model import Report, ReportFormatError

_OPERATOR = re.compile(r'"torch\.ops\.(\w+)\.(\w+)(?:\.\w+)?"')


class ProgramNotLoaded(RuntimeError):
    """A file cannot be loaded, because classes, operators or modules are missing in this process."""


def raise_explained(path: Any, error: Exception, report_name: str) -> NoReturn:
    """Raises the error of `torch.export.load`, or one that says what is missing and how to get it."""
    try:
        needs = list(_needs(path, error, report_name))
    except (OSError, zipfile.BadZipFile, ReportFormatError, UnicodeDecodeError):
        raise error from None
    if not needs:
        raise error
    name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else "the file"
    head = f"{name} can't be loaded here. Before torchdraft.load(…), this process needs"
    raise ProgramNotLoaded("\n".join([head, *needs])) from error


def _needs(path: Any, error: Exception, report_name: str) -> Iterator[str]:
    if hasattr(path, "seek"):
        path.seek(0)
    with zipfile.ZipFile(path) as archive:
        texts = {n: archive.read(n) for n in archive.namelist() if n.endswith((report_name, ".json"))}
    operators = {found for text in texts.values() for found in _OPERATOR.findall(text.decode("utf-8"))}
    for namespace, name in sorted(operators):
        if not hasattr(getattr(torch.ops, namespace), name):
            yield f"  the operator {namespace}.{name}: import the module that registers it, or load its library"
    missing = next((each for each in _causes(error) if isinstance(each, ModuleNotFoundError)), None)
    if missing is not None:
        yield f"  the module {missing.name!r}: install it, or add its folder to sys.path"
    report = next((text for name, text in texts.items() if name.endswith(report_name)), None)
    for issue in Report.from_json(report).issues if report else ():
        if not issue.code_to_write or "class" not in issue.data or is_known_in_files(str(issue.data["class"])):
            continue
        yield f"  the class {issue.data['class']}, registered with pytree:"
        yield from (f"    {line}" for line in issue.code_to_write.splitlines())


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
