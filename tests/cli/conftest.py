from tests.check.conftest import engine, folder

__all__ = ["engine", "folder"]
