# One image for every part: `caviar db upgrade`, `caviar serve`, `caviar work`.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src src
COPY sampler sampler
COPY engine engine
COPY service service
COPY migrations migrations
RUN python -m venv /opt/caviar \
    && /opt/caviar/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.13-slim
RUN useradd --create-home caviar && install --directory --owner=caviar /home/caviar/caviar-data
COPY --from=build /opt/caviar /opt/caviar
ENV PATH=/opt/caviar/bin:$PATH PYTHONUNBUFFERED=1
USER caviar
WORKDIR /home/caviar
ENTRYPOINT ["caviar"]
CMD ["up"]
