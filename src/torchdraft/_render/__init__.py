"""Reports as text, in a terminal and as a page. Each renderer is a function of the data in `torchdraft.model`."""
