"""What operators do to many tasks at once, and its undoing."""
