"""What may be declared of a task type: its options, and what a payload may hold."""
