import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A received request. */
export interface SeenRequest {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  /** Parsed; `undefined` without a body. */
  body: unknown;
}

/** Responds to one request. */
export type Reply = (response: ServerResponse) => void;

/** A minimal Postack that replies by script; it repeats the last reply. */
export interface ScriptedPostack {
  url: string;
  /** All requests since the last call of `script`. */
  seen: SeenRequest[];
  script: (...replies: Reply[]) => void;
  close: () => Promise<void>;
}

export async function startScriptedPostack(): Promise<ScriptedPostack> {
  let replies: Reply[] = [];
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      seen.push({ method: request.method, path: request.url, headers: request.headers, body });
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      if (!reply) throw new Error('The script is empty');
      reply(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    seen,
    script: (...next) => {
      replies = next;
      seen.length = 0;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Responds with JSON. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** Responds with a text. */
export function text(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, headers).end(body);
  };
}

/** Never responds. */
export const silence: Reply = () => {};

/** Cuts the connection instead of responding. */
export const cut: Reply = (response) => {
  response.destroy();
};

/** Begins a response that never ends. */
export function hang(status: number): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.write('{"id":');
  };
}

/** Begins a response and cuts the connection. */
export function breakOff(status: number): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': '100' });
    response.write('{"id":', () => response.destroy());
  };
}
