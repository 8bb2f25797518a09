/** What a process holds, right after all that it no longer needs has been collected. */
export interface Held {
  /** JavaScript's, and the buffers that it keeps. */
  heapBytes: number;
  residentBytes: number;
  /** Connections, both from clients and to PostgreSQL. */
  sockets: number;
}

interface Reply {
  id: number;
  result: { result?: { value?: unknown } };
}

const LOOK = `(() => {
  const { heapUsed, external, rss } = process.memoryUsage();
  const sockets = process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;
  return { heapBytes: heapUsed + external, residentBytes: rss, sockets };
})()`;

/** Looks into a process that runs with `--inspect=127.0.0.1:0`. @param url As it printed it: `ws://…`. */
export async function lookInto(url: string): Promise<Held> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  let lastId = 0;
  const call = (method: string, params: object = {}) =>
    new Promise<Reply>((resolve, reject) => {
      const id = (lastId += 1);
      const read = ({ data }: MessageEvent) => {
        const reply = JSON.parse(String(data)) as Reply;
        if (reply.id !== id) return;
        socket.removeEventListener('message', read);
        resolve(reply);
      };
      socket.addEventListener('message', read);
      socket.addEventListener('close', reject, { once: true });
      socket.send(JSON.stringify({ id, method, params }));
    });
  try {
    // Twice: what the first frees may hold more.
    await call('HeapProfiler.collectGarbage');
    await call('HeapProfiler.collectGarbage');
    const { result } = await call('Runtime.evaluate', { expression: LOOK, returnByValue: true });
    return result.result?.value as Held;
  } finally {
    socket.close();
  }
}
