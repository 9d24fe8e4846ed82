"""The public functions of `huey_tasks`, one file a noun, on the queues of this process."""
