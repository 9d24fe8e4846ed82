"""The Redis of a queue: connections, keys, scripts. The only package that imports redis."""
