"""`python -m torchdraft`."""

from torchdraft._cli import app

app(prog_name="torchdraft")
