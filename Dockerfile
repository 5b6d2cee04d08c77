# errand in a container: built in one image, run in another that has its libraries and nothing else.
#
#   docker build -t errand .
#   docker run -p 8000:8000 -v errand:/var/lib/errand -e SECRET_KEY=... -e ADMIN_PASSWORD=... errand

FROM debian:12-slim AS build
WORKDIR /build
# Versions are those of Debian 12, which the image names: they are not written twice.
COPY scripts/setup scripts/setup
RUN scripts/setup build
COPY . .
RUN make

FROM debian:12-slim
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates libcrypt1 libcsv3 libcurl4 libhiredis0.14 libjansson4 libjwt0 libmagic1 \
        libmicrohttpd12 libpq5 librabbitmq4 libsqlite3-0 libssl3 libunistring2 libwslay1 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --user-group --home-dir /var/lib/errand --create-home errand
COPY --from=build /build/build/errand /usr/local/bin/errand
USER 1000:1000
WORKDIR /var/lib/errand
VOLUME /var/lib/errand
ENV HOST=0.0.0.0 LOG_FILE=
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=12s --start-period=30s CMD ["errand", "health"]
ENTRYPOINT ["errand"]
CMD ["serve"]
