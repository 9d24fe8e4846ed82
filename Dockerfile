# One image for the web service, the inspector and the consumers; docker-compose.yml picks the command.
FROM python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --quiet --require-hashes -r requirements.txt

FROM python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea
# PYTHONDONTWRITEBYTECODE: the root file system is read-only, so the code is compiled below instead.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0
RUN groupadd --gid 10001 duckline && useradd --uid 10001 --gid duckline --no-create-home duckline
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/duckline
COPY app.py gunicorn.conf.py ./
COPY huey_tasks huey_tasks
COPY web web
COPY duckline duckline
COPY static static
RUN python -m compileall -q app.py huey_tasks web duckline
USER 10001:10001
STOPSIGNAL SIGTERM
EXPOSE 8000 5555
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-m", "duckline.stack.healthcheck", "http", "8000"]
CMD ["gunicorn", "app:app"]
