import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a client does with one connection. */
export interface Conversation {
  /** What it writes, piece by piece. */
  pieces: readonly (Buffer | string)[];
  /** Wait after each piece. Default: none. */
  pauseMs?: number;
  /**
   * What it does when it has written everything: waits for the answer; says that nothing more comes and waits;
   * hangs up; pulls the plug (RST); or waits for the answer and, without one by `patienceMs`, hangs up.
   */
  then?: 'wait' | 'end' | 'hang-up' | 'reset' | 'lose-patience';
  patienceMs?: number;
  /** How many answers it waits for. Default 1. */
  answers?: number;
}

/** No server may take longer than this, in milliseconds: the time for a body, and a busy machine's. */
const ANSWER_PATIENCE_MS = 25_000;

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /gm;

/** Has one conversation on a connection of its own. @returns the statuses of all answers that came. Never rejects. */
export async function converse(port: number, conversation: Conversation): Promise<number[]> {
  const { pieces, pauseMs, then = 'wait', patienceMs = ANSWER_PATIENCE_MS, answers = 1 } = conversation;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received = '';
  const statuses = () => [...received.matchAll(STATUS_LINE)].map(([, status]) => Number(status));
  const ended = new Promise<void>((resolve) => {
    socket
      .on('error', () => undefined)
      .once('close', () => {
        resolve();
      });
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
      // "100 Continue" is not an answer yet.
      if (statuses().filter((status) => status >= 200).length >= answers) socket.destroy();
    });
    socket.once('end', () => socket.destroy());
  });
  const giveUp = setTimeout(() => socket.destroy(), patienceMs);
  await Promise.race([ended, write(socket, pieces, pauseMs)]);
  if (then === 'hang-up') socket.destroy();
  if (then === 'reset') socket.resetAndDestroy();
  if (then === 'end') socket.end();
  await ended;
  clearTimeout(giveUp);
  return statuses();
}

async function write(socket: Socket, pieces: readonly (Buffer | string)[], pauseMs = 0): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => {
      socket.write(piece, 'latin1', () => {
        resolve();
      });
    });
    if (pauseMs > 0) await sleep(pauseMs);
  }
}
