"""What `huey_tasks` offers, by noun, over the queues of this process."""
