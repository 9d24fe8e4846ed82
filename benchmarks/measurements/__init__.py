"""One module for each thing that is measured; each has `NAME`, `run` and `tables`."""
