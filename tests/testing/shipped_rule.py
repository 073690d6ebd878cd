"""A rule as another package would define it."""

from torchdraft.model import Issue, Severity
from torchdraft.rules import Rule, events


class NumpyRead(Rule[events.HostRead]):
    """
    ## What it does

    Reports that the model hands a tensor to NumPy.

    ## Why it matters

    The program compares the data with what was read, and raises where it differs.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x * float(x.detach().numpy().max())  # ACME001

    args = (torch.ones(3),)
    ```

    ## Use instead

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x * x.max()

    args = (torch.ones(3),)
    ```

    ## Fix safety

    The maximum is computed in the tensor's own precision.
    """

    code = "ACME001"
    name = "numpy-read"
    severity = Severity.GUARDED
    takes = (events.HostRead,)

    def accepts(self, event: events.HostRead) -> bool:
        return event.read == "numpy"

    def issue(self, event: events.HostRead) -> Issue:
        return self.found(event, "The model hands a tensor to NumPy.")
