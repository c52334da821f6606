# Two images: `panel` (the panel in a browser, and the gateway) and `agent` (the agent and the task worker).
#   docker build --target panel -t pilotlight .
#   docker build --target agent -t pilotlight-agent .
FROM node:24-bookworm-slim AS build
WORKDIR /source
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN node build/container.mjs /program

FROM node:24-bookworm-slim AS panel
COPY --from=build --chown=root:root /program /opt/pilotlight
ENV NODE_ENV=production
RUN mkdir /data && chown node:node /data && chmod 700 /data
USER node
VOLUME /data
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s \
  CMD ["node", "/opt/pilotlight/health.mjs", "/data"]
ENTRYPOINT ["node", "/opt/pilotlight/dist/headless/headless.mjs", "--no-open", "--data", "/data"]

FROM node:24-bookworm-slim AS agent
COPY --from=build --chown=root:root /program/dist/agent /opt/pilotlight/agent
COPY --from=build --chown=root:root /program/dist/workers/task-worker.mjs /opt/pilotlight/workers/task-worker.mjs
COPY --from=build --chown=root:root /program/LICENSE /program/THIRD-PARTY-NOTICES.txt /opt/pilotlight/
RUN mkdir /data && chown node:node /data && chmod 700 /data
USER node
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8765/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/pilotlight/agent/agent.mjs", "--data", "/data"]
CMD ["--role", "telemetry"]
