"""Functions: which there are, with which settings; nothing here imports or runs their code."""
