// The load: a process of its own, so that it does not share the server's event loop. Signs every request before the
// clock starts. Either keeps BENCH_CONNECTIONS requests in flight for BENCH_SECONDS, with wrk where it is installed,
// else with autocannon; or, with BENCH_RATE, sends so many a second. Prints one JSON line.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { makeRequests } from './requests.js';

const {
  BENCH_URL,
  BENCH_SECRET,
  BENCH_CONNECTIONS = '64',
  BENCH_SECONDS = '5',
  BENCH_RATE = '0',
} = process.env;
const url = new URL(BENCH_URL);
const rate = Number(BENCH_RATE);
const seconds = Number(BENCH_SECONDS);
const connections = Number(BENCH_CONNECTIONS);

/** More than any server here takes. */
const MAX_PER_SECOND = 30_000;

const hasWrk = spawnSync('wrk', ['--version']).error === undefined;
const load = rate > 0 ? byClock : hasWrk ? byWrk : byAutocannon;
console.log(JSON.stringify(await load()));

async function byWrk() {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-load-'));
  try {
    const file = join(directory, 'requests');
    const requests = makeRequests(MAX_PER_SECOND * seconds, BENCH_SECRET).map(({ headers, body }) => {
      const all = { host: url.host, 'content-length': body.length, ...headers };
      const head = Object.entries(all).map((header) => header.join(': '));
      return `POST ${url.pathname} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`;
    });
    await writeFile(file, requests.map((request) => `${request.length}\n${request}`).join(''));
    requests.length = 0;
    const args = [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      join(import.meta.dirname, 'load.lua'),
      url.origin,
    ];
    const wrk = spawn('wrk', [...args, '--', file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [output] = await Promise.all([text(wrk.stdout), once(wrk, 'exit')]);
    const result = JSON.parse(output.trim().split('\n').at(-1));
    if (result.ran_out)
      throw new Error(`More than ${MAX_PER_SECOND} requests a second: raise MAX_PER_SECOND`);
    return { by: 'wrk', ...result };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function byAutocannon() {
  const requests = makeRequests(MAX_PER_SECOND * seconds, BENCH_SECRET);
  let next = 0;
  const setupRequest = (one) => ({ ...one, ...requests[next++ % requests.length] });
  const result = await autocannon({
    ...{ url: BENCH_URL, connections, duration: seconds },
    requests: [{ method: 'POST', setupRequest }],
  });
  const { duration, latency, statusCodeStats, errors } = result;
  const answered = Object.values(statusCodeStats).reduce((sum, { count }) => sum + count, 0);
  return {
    by: 'autocannon',
    perSecond: answered / duration,
    p50: latency.p50,
    p99: latency.p99,
    refused: answered - (statusCodeStats['204']?.count ?? 0) + errors,
  };
}

/** Evenly spaced, which neither of the two can: a request's time counts from when it was due. */
async function byClock() {
  const count = rate * seconds;
  const requests = makeRequests(count, BENCH_SECRET);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies = [];
  let refused = 0;
  const startedMs = performance.now();
  const send = async ({ headers, body }, dueMs) => {
    const sent = request(url, {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': body.length },
    });
    sent.end(body);
    const [response] = await once(sent, 'response');
    latencies.push(performance.now() - dueMs);
    if (response.statusCode !== 204) refused += 1;
    response.resume();
  };
  const sending = [];
  while (sending.length < count) {
    const dueMs = startedMs + (sending.length * 1000) / rate;
    if (dueMs > performance.now()) await sleep(1);
    else sending.push(send(requests[sending.length], dueMs));
  }
  await Promise.all(sending);
  agent.destroy();
  latencies.sort((a, b) => a - b);
  return {
    by: 'clock',
    perSecond: (count * 1000) / (performance.now() - startedMs),
    p50: latencies[Math.floor(count * 0.5)],
    p99: latencies[Math.floor(count * 0.99)],
    refused,
  };
}
