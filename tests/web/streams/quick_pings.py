"""The web service with pings every half second, for gunicorn."""

import web

app = web.create_app()
app.config["SOCK_SERVER_OPTIONS"]["ping_interval"] = 0.5
