# syntax=docker/dockerfile:1
# On the builder's own kind of machine whatever it is for: nothing of what is copied below is compiled for one.
FROM --platform=$BUILDPLATFORM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
# What is packed is what is published: no tests, no sources. The packages are those of the lock file.
RUN npm run compile \
  && npm pack --ignore-scripts --pack-destination /tmp \
  && mkdir /app && tar -xzf /tmp/popcast-*.tgz -C /app --strip-components=1 \
  && npm prune --omit=dev --ignore-scripts \
  && find node_modules -name '*.map' -delete -o -name '*.d.ts' -delete -o -name '*.d.cts' -delete -o -name '*.d.mts' -delete \
  && mv node_modules /app/

FROM node:24-slim
LABEL org.opencontainers.image.title="popcast" org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.description="Live feed of per-PoP measurements in InfluxDB over WebSocket"
# Others reach it, so AUTH has to be said: none, token or jwt.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3001
WORKDIR /app
COPY --from=build /app ./
# node; as a number, so that Kubernetes can tell that it is not root. Nothing is written but in STATE_DIR, and logs go to standard output.
USER 1000:1000
EXPOSE 3001
STOPSIGNAL SIGTERM
# A liveness probe: a restart mends neither a database nor an overload, so neither is asked about.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# node itself is process 1, without the shell script that the base image would begin with, so that SIGTERM reaches it.
# Other commands take the place of serve: docker run ... popcast check
ENTRYPOINT ["node", "dist/popcast.js"]
CMD ["serve"]
