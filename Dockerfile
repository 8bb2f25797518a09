# The service, built from the output of `npm pack`:
#   docker build -t nestjs-postack .
#   docker run -p 3000:3000 --env-file .env nestjs-postack
# It stores no data itself: DATABASE_URL, POSTACK_WEBHOOK_SECRET and POSTACK_ADMIN_KEY are required, see .env.example.

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm pack

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /service
COPY --from=build /build/nestjs-postack-*.tgz ./
# The embedded PostgreSQL is an optional peer dependency, which npm does not install.
RUN npm install --omit=dev --no-fund --no-audit \
      ./nestjs-postack-*.tgz @nestjs/platform-express@12 @nestjs/platform-fastify@12 class-transformer yaml \
  && npm cache clean --force \
  && rm nestjs-postack-*.tgz
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "-e", \
  "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# A small young generation: about half the memory under load.
CMD ["node", "--max-semi-space-size=8", "node_modules/nestjs-postack/dist/src/main.js"]
