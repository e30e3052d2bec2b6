# The service on CPU: `docker build -t dragoman .`, then see docs/container.md.
# PyTorch's small CPU build: --build-arg PIP_EXTRA_INDEX_URL=..., where PyTorch keeps it ("Get started" on its site).
FROM python:3.11-slim AS build
ARG PIP_EXTRA_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /opt/dragoman
ENV PATH=/opt/dragoman/bin:$PATH
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY bot bot
COPY index index
COPY ui ui
COPY evaluation evaluation
RUN pip install --constraint requirements.lock .
# The bundled model is built here, so that a container starts without building it.
ENV DRAGOMAN_CACHE=/opt/dragoman/cache
RUN python -c "from index.embedding import open_embedder; open_embedder()"

FROM python:3.11-slim
COPY --from=build /opt/dragoman /opt/dragoman
RUN useradd --create-home --uid 10001 dragoman && mkdir /data && chown dragoman /data
ENV PATH=/opt/dragoman/bin:$PATH \
    DRAGOMAN_CACHE=/opt/dragoman/cache \
    DRAGOMAN_INDEX=/data/index \
    PYTHONUNBUFFERED=1
USER dragoman
WORKDIR /data
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/readyz', timeout=4)"]
ENTRYPOINT ["dragoman"]
CMD ["serve", "--host", "0.0.0.0"]
