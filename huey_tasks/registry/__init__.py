"""The task types of this process, and how the task modules are loaded."""
