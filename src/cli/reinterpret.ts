import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ReinterpretReceipt, Replay } from '../replays/replay-request.js';
import { loadEnvFile } from '../service/config/env-file.js';
import { requestsTo, SERVICE_USAGE, serviceOptions, type ServiceRequest } from './service-request.js';

// `npm run reinterpret`: has a running service read stored events again with the mapping of now, and prints the progress.

const USAGE = `Usage: npm run reinterpret -- [options]

Reads stored events again with the mapping of now. Those that are read otherwise go through the projections again:
messages, opt-outs, failures and reports are as if the mapping had always been this one.

  --dry-run        only counts
  --type TYPE      only events of this type, as sent by Postack
  --status STATUS  only events of this status, such as quarantined or unhandled
  --since TIME     only events received at or after this time, such as 2026-01-31
  --until TIME     only events received before
  --listener NAME  a listener that gets the events that are read otherwise; several times for several, "*" for all
                   (default: none). It answers nothing that is older than an hour
  --answer-old     it does
  --rate N         events a second (default 100)
${SERVICE_USAGE}`;

async function main(): Promise<void> {
  loadEnvFile();
  const { values } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      type: { type: 'string' },
      status: { type: 'string' },
      since: { type: 'string' },
      until: { type: 'string' },
      listener: { type: 'string', multiple: true, default: [] },
      'answer-old': { type: 'boolean', default: false },
      rate: { type: 'string', default: '100' },
      ...serviceOptions(),
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const request = await requestsTo(values);
  const { type, status, since, until, listener: listeners, rate } = values;
  // What is no number is refused by the service.
  const ratePerSecond = Number.isNaN(Number(rate)) ? rate : Number(rate);
  const response = await request('events/reinterpret', {
    ...{ type, status, since, until, listeners, ratePerSecond },
    ...{ dryRun: values['dry-run'], answerOld: values['answer-old'] },
  });
  const { matched, changed, replayId } = (await response.json()) as ReinterpretReceipt;
  console.log(`${matched} events match, of which ${changed} are read otherwise now`);
  if (replayId !== null) await follow(replayId, request);
}

/** Prints a line per second, until it has ended. */
async function follow(replayId: string, request: ServiceRequest): Promise<void> {
  for (let shown = ''; ;) {
    const replay = (await (await request(`replays/${replayId}`)).json()) as Replay;
    const { state, scheduled, changed, error } = replay;
    const line = `${state}: ${scheduled} of ${changed ?? 0}${error === null ? '' : `; ${error}`}`;
    if (line !== shown) console.log(line);
    shown = line;
    if (state === 'done') return;
    if (state !== 'running')
      throw new Error(`It is ${state}. To continue: POST /api/v1/replays/${replayId}/resume`);
    await sleep(1000);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof TypeError && 'code' in error) console.error(USAGE);
  process.exitCode = 1;
});
