"""`python -m torchdraft`."""

from torchdraft._cli.app import app

app(prog_name="torchdraft")
