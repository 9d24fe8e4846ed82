"""Judges that nobody of us wrote: they send what the OpenAPI document allows and forbids."""
