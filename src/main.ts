import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { ConfigurationError } from './configuration-error.js';
import { ServiceConfig } from './service/service.config.js';
import { startService, type RunningService } from './service/start-service.js';
import { welcome } from './service/welcome.js';

// The service: `npm start`.

let running: RunningService | undefined;
let stopping: Promise<void> | undefined;

async function main(): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = new ServiceConfig(process.env);
  for (const name of config.unknownSettings)
    console.error(`${name} is not a setting of this service; ignored.`);
  const starting = startService(config);
  const stop = (signal: NodeJS.Signals) => {
    stopping ??= starting.then((service) => shutDown(service, signal)).catch(() => undefined);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  running = await starting;
  if (!stopping) console.log(welcome(running, config));
}

async function shutDown(service: RunningService, signal: NodeJS.Signals): Promise<void> {
  console.log(`${signal}: finishing what is running, then stopping. Again to stop at once.`);
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.removeAllListeners(name);
    process.once(name, () => process.exit(130));
  }
  try {
    await service.stop();
    console.log('Stopped.');
    process.exit(0);
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
