"""The declaration of a task type: its options and the model of its payload."""
