// The program of the standalone service: `npm start`.

import './errors/node-version.js';
import 'reflect-metadata';
import { ConfigurationError } from './errors/configuration-error.js';
import { loadEnvFile } from './service/config/env-file.js';
import { ServiceConfig } from './service/config/service.config.js';
import { startService, type RunningService } from './service/start-service.js';
import { onStopSignal } from './service/stop-signals.js';
import { welcome } from './service/welcome.js';

/** What is not stopped this long after the deadline of the shutdown is left. */
const STOP_GRACE_MS = 4000;

async function main(): Promise<void> {
  loadEnvFile();
  const config = new ServiceConfig(process.env);
  for (const warning of config.warnings) console.error(`Warning: ${warning}.`);
  const stopping = new AbortController();
  const starting = startService(config);
  const stop = (reason: string, exitCode: number) => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    console.log(`${reason}: shutting down gracefully. Press Ctrl-C again to force.`);
    // A failed start is reported by `main().catch`.
    void starting.then(
      (service) => shutDown(service, exitCode),
      () => undefined,
    );
  };
  onStopSignal((reason) => {
    stop(reason, 0);
  });
  process.on('uncaughtException', (error) => {
    console.error('Uncaught exception:', error);
    stop('Uncaught exception', 1);
  });
  const service = await starting;
  if (!stopping.signal.aborted) console.log(welcome(service, config));
}

async function shutDown(service: RunningService, exitCode: number): Promise<void> {
  const limitMs = service.shutdownTimeoutMs + STOP_GRACE_MS;
  // Without a database that responds, for one, its connections cannot be closed in order.
  setTimeout(() => {
    console.error(
      `Not stopped after ${limitMs / 1000} s: the process ends now. Unfinished events are taken over.`,
    );
    process.exit(1);
  }, limitMs);
  try {
    await service.stop();
    console.log('Stopped.');
    process.exit(exitCode);
  } catch (error) {
    console.error('Shutdown failed:', error);
    process.exit(1);
  }
}

main().catch((error: unknown) => {
  // A configuration error is fixed by its message; a stack trace would only hide it.
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exit(1);
});
