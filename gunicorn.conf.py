"""How gunicorn serves Duckline: a bare `gunicorn app:app` reads this file in its working folder."""

from duckline.gunicorn_conf import *  # noqa: F403
