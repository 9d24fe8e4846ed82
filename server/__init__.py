"""What stands between a client's connection and the application: gunicorn, with limits of ours.

It owns time, bytes and places of connections, and the answers to what is no proper HTTP. It knows
nothing of tasks; routes, and what they answer, are in `web`.
"""
