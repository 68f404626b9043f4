# The pinned toolchain: CUDA, Python and the locked packages.
#   docker build -t ferblur . && docker run --rm --gpus all ferblur dvc repro
# The digest is the one several public Dockerfiles agree on for this tag; it has not been checked
# against the registry, and the image has not been built from it yet.
ARG BASE_IMAGE=nvidia/cuda:13.0.1-base-ubuntu24.04@sha256:f8ef28f579ea42a44b415d2c5d46f788e6a9b395c6c83f2929416e1fc192c143
# hadolint ignore=DL3006
FROM ${BASE_IMAGE}

# the base image's digest fixes the distribution's release; its packages get security fixes
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

COPY requirements.lock /tmp/requirements.lock
RUN python3 -m venv /opt/venv \
    && pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock

RUN useradd --create-home --uid 10001 ferblur
WORKDIR /home/ferblur/project
COPY --chown=ferblur . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && chown ferblur .
USER 10001
# the image carries no .git (see .dockerignore): DVC works without one
RUN dvc config --local core.no_scm true
CMD ["dvc", "repro"]
