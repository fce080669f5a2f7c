# One image for backend and gateway: `docker run leafproof backend serve`, `docker run leafproof gateway run ...`.
FROM python:3.11-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/leafproof
WORKDIR /build
COPY requirements/runtime.txt requirements/build.txt requirements/
RUN /opt/leafproof/bin/pip install --no-deps --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY leafproof leafproof
COPY iot_gateway iot_gateway
COPY backend backend
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-deps --require-hashes -r requirements/build.txt \
 && /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
 && /opt/leafproof/bin/pip install --no-deps wheels/*.whl

FROM python:3.11-slim-trixie
# For `backend backup` and `restore`: a pg_dump at least as new as the PostgreSQL of docker-compose.yml.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-client \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/leafproof leafproof \
 && install -d -o leafproof -g leafproof -m 0700 /var/lib/leafproof /var/lib/gateway
COPY --from=build /opt/leafproof /opt/leafproof
ENV PATH=/opt/leafproof/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER leafproof
WORKDIR /var/lib/leafproof
VOLUME ["/var/lib/leafproof", "/var/lib/gateway"]
ENTRYPOINT ["leafproof"]
