"""What operators see of queues and tasks. Writes nothing."""
