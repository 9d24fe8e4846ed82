"""Watched folders: each version of a file that is dropped there invokes a function, once."""
