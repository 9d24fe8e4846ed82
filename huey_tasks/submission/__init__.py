"""Submit tasks: from a task type and a payload to a task in Redis."""
