"""The HTTP server between a client's connection and the application: gunicorn, with our limits.

It limits the time, bytes and number of connections, and answers invalid HTTP. It knows nothing of
tasks; the routes are in `web`.
"""
