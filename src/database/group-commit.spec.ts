import { describe, expect, it } from '@jest/globals';
import { GroupCommit, GroupCommitTimeout } from './group-commit.js';

/** A commit that the test ends by hand. */
function manualCommit() {
  const calls: {
    items: number[];
    end: (results: PromiseSettledResult<string>[]) => void;
    fail: (error: Error) => void;
  }[] = [];
  const commit = (items: number[]) =>
    new Promise<PromiseSettledResult<string>[]>((end, fail) => calls.push({ items, end, fail }));
  return { calls, commit };
}

const done = (items: number[]): PromiseSettledResult<string>[] =>
  items.map((item) => ({ status: 'fulfilled', value: `stored ${item}` }));
const turn = () => new Promise(setImmediate);
const options = { maxBatchSize: 3, maxInFlight: 1, timeoutMs: 1000 };

describe('GroupCommit', () => {
  it('sends a lone item at once', async () => {
    const { calls, commit } = manualCommit();
    const group = new GroupCommit(commit, options);
    const result = group.add(1);
    await turn();
    expect(calls.map(({ items }) => items)).toEqual([[1]]);
    calls[0]?.end(done([1]));
    await expect(result).resolves.toBe('stored 1');
  });

  it('commits what came in meanwhile together, in order, no more than a batch at a time', async () => {
    const { calls, commit } = manualCommit();
    const group = new GroupCommit(commit, options);
    const results = [group.add(1)];
    await turn();
    results.push(...[2, 3, 4, 5].map((item) => group.add(item)));
    await turn();
    expect(calls).toHaveLength(1);
    expect(group.waiting).toBe(4);

    calls[0]?.end(done([1]));
    await turn();
    expect(calls[1]?.items).toEqual([2, 3, 4]);
    calls[1]?.end(done([2, 3, 4]));
    await turn();
    expect(calls[2]?.items).toEqual([5]);
    calls[2]?.end(done([5]));
    await expect(Promise.all(results)).resolves.toEqual([1, 2, 3, 4, 5].map((item) => `stored ${item}`));
  });

  it('settles each item of a batch on its own', async () => {
    const { calls, commit } = manualCommit();
    const group = new GroupCommit(commit, options);
    const results = Promise.allSettled([group.add(1), group.add(2)]);
    await turn();
    const refused = new Error('refused');
    calls[0]?.end([{ status: 'rejected', reason: refused }, ...done([2])]);
    await expect(results).resolves.toEqual([{ status: 'rejected', reason: refused }, ...done([2])]);
  });

  it('rejects a whole batch when its commit fails, and continues with the next', async () => {
    const { calls, commit } = manualCommit();
    const group = new GroupCommit(commit, options);
    const first = group.add(1);
    await turn();
    const second = group.add(2);
    calls[0]?.fail(new Error('connection lost'));
    await expect(first).rejects.toThrow('connection lost');
    await turn();
    calls[1]?.end(done([2]));
    await expect(second).resolves.toBe('stored 2');
  });

  it('rejects items that have waited too long, sent or not', async () => {
    const { calls, commit } = manualCommit();
    const group = new GroupCommit(commit, { ...options, timeoutMs: 50 });
    const sent = group.add(1);
    await turn();
    const queued = group.add(2);
    await expect(sent).rejects.toBeInstanceOf(GroupCommitTimeout);
    await expect(queued).rejects.toBeInstanceOf(GroupCommitTimeout);
    expect(calls).toHaveLength(1);
    expect(group.waiting).toBe(0);
  });
});
