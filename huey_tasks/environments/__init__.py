"""Environments: the processes in which functions run, one warm process a version and invocation."""
