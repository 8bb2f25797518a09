import 'reflect-metadata';
import { ConfigurationError } from './errors/configuration-error.js';
import { loadEnvFile } from './service/config/env-file.js';
import { ServiceConfig } from './service/config/service.config.js';
import { startService, type RunningService } from './service/start-service.js';
import { onStopSignal } from './service/stop-signals.js';
import { welcome } from './service/welcome.js';

// The service: `npm start`.

async function main(): Promise<void> {
  loadEnvFile();
  const config = new ServiceConfig(process.env);
  for (const warning of config.warnings) console.error(`Warning: ${warning}.`);
  const stopping = new AbortController();
  const starting = startService(config);
  const stop = (reason: string, exitCode: number) => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    console.log(`${reason}: finishing what is running, then stopping. Again to stop at once.`);
    // When the start fails, that is told below.
    void starting.then(
      (service) => shutDown(service, exitCode),
      () => undefined,
    );
  };
  onStopSignal((reason) => {
    stop(reason, 0);
  });
  process.on('uncaughtException', (error) => {
    console.error('A fault that nobody has caught:', error);
    stop('After a fault', 1);
  });
  const service = await starting;
  if (!stopping.signal.aborted) console.log(welcome(service, config));
}

async function shutDown(service: RunningService, exitCode: number): Promise<void> {
  try {
    await service.stop();
    console.log('Stopped.');
    process.exit(exitCode);
  } catch (error) {
    console.error('Stopping failed:', error);
    process.exit(1);
  }
}

main().catch((error: unknown) => {
  // A mistake in the configuration needs its message, not a stack.
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exit(1);
});
