"""The web service with pings every two seconds, for gunicorn."""

import web

app = web.create_app()
app.config["SOCK_SERVER_OPTIONS"]["ping_interval"] = 2.0
