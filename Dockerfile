# Two stages: wheels and front-end assets are gathered in the first, the second runs as nobody special.
FROM node:22-slim AS assets
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM python:3.13-slim AS packages
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --only-binary :all: -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
RUN useradd --system --create-home --uid 10001 paper && install -d -o paper -g paper /data /app
WORKDIR /app
COPY --from=packages /venv /venv
COPY --chown=paper:paper . .
COPY --from=assets --chown=paper:paper /app/node_modules node_modules
USER paper
RUN DATA_DIR=/tmp/build EXCHANGE=simulator python manage.py collectstatic --no-input --verbosity 0 && rm -r /tmp/build
VOLUME /data
EXPOSE 8000
# Alone, the image is the embedded site: docker run -p 8000:8000 -v paper:/data IMAGE
ENV HOST=0.0.0.0
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
CMD ["python", "manage.py", "up"]
