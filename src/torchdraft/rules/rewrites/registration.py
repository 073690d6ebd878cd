"""The lines that another process runs before it loads a program with a class of the user."""

from __future__ import annotations

import sys


def with_imports(cls: str, paste: str) -> str:
    """`paste`, the registration of the class with this full name, after the imports that it needs."""
    if not paste:
        return ""
    parts = cls.split(".")
    prefixes = (".".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))
    module = next((prefix for prefix in prefixes if prefix in sys.modules), parts[0])
    imports = [f"import {paste.partition('.')[0]}"]
    if module == "__main__" or "<locals>" in cls:
        imports.append(f"# {cls} cannot be imported: define the class in a module")
    else:
        imports.append(f"import {module}")
    return "\n".join([*imports, paste])
