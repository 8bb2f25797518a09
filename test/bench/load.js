// The load: a process of its own, so that it does not share the server's event loop, and lean, since it shares the
// machine's processors with what it measures. Signs every request before the clock starts. Then either keeps
// BENCH_CONNECTIONS requests in flight until all are answered, or, with BENCH_RATE, sends so many a second, each on a
// connection that is free, and counts a request's time from when it was due. Prints one JSON line.
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { createSignature } from '../../dist/src/webhook/svix-signature.js';
import { parseWebhookSecret } from '../../dist/src/webhook/webhook-secret.js';

const { BENCH_URL, BENCH_SECRET, BENCH_COUNT, BENCH_CONNECTIONS = '64', BENCH_RATE = '0' } = process.env;
const url = new URL(BENCH_URL);
const count = Number(BENCH_COUNT);
const rate = Number(BENCH_RATE);
const secret = parseWebhookSecret(BENCH_SECRET);
const run = randomUUID().slice(0, 8);

const TYPES = ['message.received', 'message.queued', 'message.sent', 'message.delivered'];

function requestBytes(index) {
  const type = TYPES[index % TYPES.length];
  // A life of three events for each outbound message, as in the field.
  const message = type === 'message.received' ? `in_${index}` : `out_${Math.floor(index / TYPES.length)}`;
  const customer = `+1415555${1000 + (Math.floor(index / TYPES.length) % 2000)}`;
  const body = JSON.stringify({
    type,
    timestamp: new Date().toISOString(),
    data: {
      id: `SM_${run}_${message}`,
      from: type === 'message.received' ? customer : '+15550100002',
      to: type === 'message.received' ? '+15550100002' : customer,
      text: `Your order ${randomUUID()} is on its way. Reply HELP for help or STOP to stop.`,
      segments: 1,
    },
  });
  const id = `msg_${randomUUID().replaceAll('-', '')}`;
  const seconds = Math.floor(Date.now() / 1000);
  const head = [
    `POST ${url.pathname} HTTP/1.1`,
    `host: ${url.host}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    `svix-id: ${id}`,
    `svix-timestamp: ${seconds}`,
    `svix-signature: ${createSignature(secret, id, seconds, Buffer.from(body))}`,
  ].join('\r\n');
  return Buffer.from(`${head}\r\n\r\n${body}`, 'latin1');
}

const requests = Array.from({ length: count }, (_, index) => requestBytes(index));
const latencies = new Float64Array(count);
const statuses = {};
let next = 0;
let answered = 0;
let started = 0;
let finish;
const finished = new Promise((resolve) => (finish = resolve));
const free = [];

/** One request at a time on one connection. */
class Connection {
  #socket;
  #since = 0;
  #text = '';

  open() {
    return new Promise((resolve, reject) => {
      const buffer = Buffer.allocUnsafe(16 * 1024);
      this.#socket = connect({
        port: Number(url.port),
        host: url.hostname,
        noDelay: true,
        onread: { buffer, callback: (length) => this.#read(length, buffer) },
      });
      this.#socket.once('connect', resolve);
      this.#socket.once('error', reject);
      this.#socket.on('close', () => {
        if (answered < count) throw new Error('the server has closed a connection');
      });
    });
  }

  send(index, since) {
    this.#since = since;
    this.#socket.write(requests[index]);
  }

  close() {
    this.#socket.destroy();
  }

  /** A 204 ends with its head, and comes in one piece; for anything else the length is looked up. */
  #read(length, buffer) {
    const isWhole204 =
      this.#text === '' && buffer[9] === 0x32 && buffer[11] === 0x34 && buffer[length - 3] === 0x0a;
    let status = '204';
    if (!isWhole204) {
      this.#text += buffer.latin1Slice(0, length);
      const end = this.#text.indexOf('\r\n\r\n');
      if (end < 0) return true;
      const contentLength = Number(/content-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
      if (this.#text.length < end + 4 + contentLength) return true;
      status = this.#text.slice(9, 12);
      this.#text = '';
    }
    statuses[status] = (statuses[status] ?? 0) + 1;
    const now = performance.now();
    latencies[answered] = now - this.#since;
    answered += 1;
    if (answered === count) finish();
    else if (rate > 0) free.push(this);
    else if (next < count) this.send(next++, now);
    return true;
  }
}

/** Sends what is due; a request that finds no free connection waits, and its waiting counts. */
function pace() {
  const now = performance.now();
  while (next < count) {
    const due = started + (next * 1000) / rate;
    if (due > now || free.length === 0) break;
    // In turns: the server closes a connection that has been idle for 5 seconds.
    free.shift().send(next++, due);
  }
  if (next < count) setTimeout(pace, 1);
}

const connections = Array.from(
  { length: Math.min(Number(BENCH_CONNECTIONS), count) },
  () => new Connection(),
);
await Promise.all(connections.map((connection) => connection.open()));
const idle = process.cpuUsage();
started = performance.now();
if (rate > 0) {
  free.push(...connections);
  pace();
} else for (const connection of connections) connection.send(next++, started);
await finished;
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(idle);
for (const connection of connections) connection.close();
latencies.sort();
const quantile = (share) => latencies[Math.floor((count - 1) * share)];
console.log(
  JSON.stringify({
    perSecond: count / seconds,
    p50: quantile(0.5),
    p99: quantile(0.99),
    cpuSeconds: (user + system) / 1e6,
    statuses,
  }),
);
