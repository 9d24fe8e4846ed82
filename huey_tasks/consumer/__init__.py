"""The processes that serve one queue."""
