// The load: a process of its own, so that it does not share the server's event loop. Signs every request before
// the clock starts, then keeps CONNECTIONS requests in flight over plain sockets until all are answered, or paces
// them at RATE a second. Prints one JSON line.
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { signWebhook } from '../../dist/src/testing/index.js';

const { BENCH_URL, BENCH_SECRET, BENCH_COUNT, BENCH_CONNECTIONS = '64', BENCH_RATE = '0' } = process.env;
const url = new URL(BENCH_URL);
const count = Number(BENCH_COUNT);
const connections = Number(BENCH_CONNECTIONS);
const rate = Number(BENCH_RATE);

const TYPES = ['message.received', 'message.queued', 'message.sent', 'message.delivered'];

function requestBytes(index) {
  const { headers, body } = signWebhook({
    secret: BENCH_SECRET,
    body: {
      type: TYPES[index % TYPES.length],
      timestamp: new Date().toISOString(),
      data: {
        // A life of three events for each outbound message, as in the field.
        id: `SM_${process.pid}_${index % TYPES.length === 0 ? index : Math.floor(index / TYPES.length)}_${index % TYPES.length === 0 ? 'in' : 'out'}`,
        from: '+15550100001',
        to: '+15550100002',
        text: `Your order ${randomUUID()} is on its way. Reply HELP for help or STOP to stop.`,
        segments: 1,
      },
    },
  });
  const head = Object.entries({ host: url.host, ...headers, 'content-length': String(body.length) })
    .map(([name, value]) => `${name}: ${value}`)
    .join('\r\n');
  return Buffer.concat([Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${head}\r\n\r\n`), body]);
}

const requests = Array.from({ length: count }, (_, index) => requestBytes(index));
const latencies = new Float64Array(count);
const statuses = {};
let next = 0;
let answered = 0;
let started = 0;

/** Resolves when this connection has nothing more to do. */
function client() {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    let index = -1;
    let sentAt = 0;
    let received = '';
    const send = () => {
      index = next;
      if (index >= count) {
        socket.end();
        resolve();
        return;
      }
      next += 1;
      const due = rate > 0 ? started + (index * 1000) / rate : 0;
      const wait = due - performance.now();
      if (wait > 1) setTimeout(write, wait);
      else write();
    };
    const write = () => {
      sentAt = performance.now();
      socket.write(requests[index]);
    };
    socket.setNoDelay(true);
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (received.length < end + 4 + length) return;
      const status = received.slice(9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      latencies[index] = performance.now() - sentAt;
      answered += 1;
      received = '';
      send();
    });
  });
}

started = performance.now();
await Promise.all(Array.from({ length: Math.min(connections, count) }, client));
const seconds = (performance.now() - started) / 1000;
latencies.sort();
const quantile = (share) => latencies[Math.floor((answered - 1) * share)];
console.log(
  JSON.stringify({
    perSecond: answered / seconds,
    p50: quantile(0.5),
    p99: quantile(0.99),
    seconds,
    statuses,
  }),
);
