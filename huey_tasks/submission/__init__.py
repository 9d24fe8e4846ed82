"""From a type and a payload to a task in Redis."""
