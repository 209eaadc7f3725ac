# One image for every part: `caviar db upgrade`, `caviar serve`, `caviar work`, and the processes of a
# Dask cluster. The base is a full version; `docker buildx imagetools inspect python:3.13.9-slim-trixie`
# shows its digest, for FROM python:3.13.9-slim-trixie@sha256:….
FROM python:3.13.9-slim-trixie AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src src
COPY sampler sampler
COPY engine engine
COPY service service
COPY migrations migrations
RUN python -m venv /opt/caviar \
    && /opt/caviar/bin/pip install --no-cache-dir -c constraints.txt '.[dask]'

FROM python:3.13.9-slim-trixie
RUN useradd --uid 1000 --create-home caviar && install --directory --owner=caviar /home/caviar/caviar-data
COPY --from=build /opt/caviar /opt/caviar
ENV PATH=/opt/caviar/bin:$PATH PYTHONUNBUFFERED=1
USER caviar
WORKDIR /home/caviar
ENTRYPOINT ["caviar"]
CMD ["up"]
