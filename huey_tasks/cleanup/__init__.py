"""What a task leaves behind in its worker: found, undone, or a reason to replace the worker."""
