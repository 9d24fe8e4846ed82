"""Function URLs: any HTTP request to `/fn/<name>/…` is an event, and the answer is the response."""
