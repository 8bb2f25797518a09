import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { ConfigurationError } from '../errors/configuration-error.js';
import { ServiceConfig } from '../service/config/service.config.js';
import { startService } from '../service/start-service.js';
import { onStopSignal } from '../service/stop-signals.js';
import { LocalPostack } from '../simulator/index.js';
import { DemoScreen } from './demo-screen.js';
import { playStory } from './demo-story.js';

// `npm run demo`: the service, a local Postack and a few customers, all on this machine.

const USAGE = `Usage: npm run demo -- [options]

  --once           exit after the demo instead of waiting for Ctrl-C
  --port PORT      port of the service (default 3000; 0: any free port)
  --data-dir DIR   data directory of the service (default .postack/demo)`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      port: { type: 'string', default: '3000' },
      'data-dir': { type: 'string', default: '.postack/demo' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const screen = new DemoScreen();
  screen.print('Starting a local Postack and the service with an embedded PostgreSQL …');
  const postack = await LocalPostack.start();
  const config = new ServiceConfig({
    PORT: values.port,
    HOST: '127.0.0.1',
    POSTACK_DATA_DIR: values['data-dir'],
    POSTACK_API_URL: postack.url,
    POSTACK_API_KEY: postack.apiKey,
    POSTACK_LOG_LEVEL: 'error',
  });
  const service = await startService(config).catch(async (error: unknown) => {
    await postack.stop();
    throw error;
  });
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    await service.stop();
    await postack.stop();
  };
  onStopSignal(() => void stop().then(() => process.exit(0)));
  const { webhookSecret, adminKey } = service.generated;
  postack.registerEndpoint(service.webhookUrl, { secret: webhookSecret });
  try {
    await playStory(postack, service.application, screen);
  } catch (error) {
    // Interrupted: the story fails because its service has stopped.
    if (!(isStopping as boolean)) throw error;
    return;
  }
  if (values.once) {
    await stop();
    return;
  }
  screen.print('', 'Explore the result from another terminal; press Ctrl-C here to stop everything:', '');
  for (const path of ['outbox', 'reply-rules', 'opt-outs', 'messages']) {
    screen.print(`  curl -H "Authorization: Bearer ${adminKey ?? ''}" ${service.origin}/api/v1/${path}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigurationError ? error.message : error);
  if (error instanceof TypeError && 'code' in error) console.error(USAGE);
  process.exit(1);
});
