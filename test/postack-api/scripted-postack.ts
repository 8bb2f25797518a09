import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came. */
export interface SeenRequest {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  /** Parsed; `undefined` without a body. */
  body: unknown;
}

/** What is answered to one request. */
export type Reply = (response: ServerResponse) => void;

/** Postack as far as these tests need it: it answers by script, the last reply again and again. */
export interface ScriptedPostack {
  url: string;
  /** All requests since the script was set. */
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

/** Answers with JSON. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** Answers with whatever text. */
export function text(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, headers).end(body);
  };
}

/** Never answers. */
export const silence: Reply = () => {};

/** Cuts the connection instead of answering. */
export const cut: Reply = (response) => {
  response.destroy();
};

/** Begins an answer and neither goes on nor ends. */
export function hang(status: number): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.write('{"id":');
  };
}

/** Begins an answer and cuts the connection. */
export function breakOff(status: number): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': '100' });
    response.write('{"id":', () => response.destroy());
  };
}
