"""Webhooks: post the ends of tasks to URLs, signed, with retries, until they have arrived."""
