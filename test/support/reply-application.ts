import type { Provider } from '@nestjs/common';
import { HeldMessages } from '../../src/outbox/held-messages.js';
import { Outbox } from '../../src/outbox/outbox.js';
import { OutboxQueries, type OutboxFilter, type OutboxMessage } from '../../src/outbox/outbox-queries.js';
import type { PostackModuleOptions } from '../../src/postack.options.js';
import { LocalPostack, type LocalPostackOptions } from '../../src/simulator/index.js';
import { startTestApplication, TEST_SECRET, type TestApplication } from './test-application.js';
import { waitUntil } from './wait-until.js';

/** The own number that customers write to. */
export const OURS = '+15550109999';

/** A host application and a local Postack, connected in both directions. */
export interface ReplyApplication extends TestApplication {
  postack: LocalPostack;
  outbox: Outbox;
  log: OutboxQueries;
  held: HeldMessages;
  /** Waits for a message that matches, and returns it. */
  message(filter: OutboxFilter, matches: (message: OutboxMessage) => boolean): Promise<OutboxMessage>;
}

export async function startReplyApplication(
  setup: {
    postack?: LocalPostackOptions;
    options?: Partial<PostackModuleOptions>;
    api?: object;
    providers?: Provider[];
  } = {},
): Promise<ReplyApplication> {
  const postack = await LocalPostack.start({ timeScale: 20, ...setup.postack });
  const host = await startTestApplication({
    providers: setup.providers ?? [],
    options: {
      api: { apiKey: postack.apiKey, baseUrl: postack.url, ...setup.api },
      ...setup.options,
    },
  });
  postack.registerEndpoint(host.webhookUrl, { secret: TEST_SECRET });
  const log = host.application.get(OutboxQueries);
  return {
    ...host,
    postack,
    outbox: host.application.get(Outbox),
    log,
    held: host.application.get(HeldMessages),
    message: (filter, matches) =>
      waitUntil(async () => (await log.list(filter)).items.find(matches), {
        what: () => `a matching message to ${filter.to ?? 'any number'} in the outbox`,
      }),
    close: async () => {
      await host.close();
      await postack.stop();
    },
  };
}

let numbers = 0;

/** A number that no other test uses. */
export function newNumber(): string {
  numbers += 1;
  return `+1555${String(2_000_000 + numbers)}`;
}
