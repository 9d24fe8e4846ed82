"""One execution of a task: from its claim to its commit."""
