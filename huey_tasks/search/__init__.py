"""Search for tasks, a page at a time."""
