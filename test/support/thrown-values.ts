/** Values that a listener may throw although nothing good can be done with them, by what is odd about them. */
export const THROWN_VALUES: Readonly<Record<string, () => unknown>> = {
  'an object without prototype': () => Object.create(null) as unknown,
  'a message that is no string': () => Object.assign(new Error(), { message: { a: 1 } }),
  'a name that is no string': () => Object.assign(new Error('m'), { name: 5 }),
  'a stack that is no string': () => Object.assign(new Error('m'), { stack: [1, 2] }),
  'a getter that throws': () =>
    Object.defineProperties(new Error('m'), {
      message: { get: () => raise('message') },
      name: { get: () => raise('name') },
      stack: { get: () => raise('stack') },
      code: { get: () => raise('code') },
    }),
  'a proxy that always throws': () =>
    new Proxy(
      {},
      new Proxy({}, { get: () => () => raise('trap') }), // each trap
    ),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'half a surrogate pair': () => new Error('Sorry 😀'.slice(0, 7)),
  'a pair at the cut': () => new Error(`${'x'.repeat(999)}😀😀`),
  'NUL everywhere': () => Object.assign(new Error('a\0b'), { name: 'N\0', stack: 'at\0' }),
  'a circular cause': () => {
    const error: Error & { cause?: unknown } = new Error('circular');
    error.cause = error;
    return error;
  },
  'errors that contain themselves': () => {
    const error = new AggregateError([], '');
    error.errors.push(error);
    return error;
  },
  'a message of 10 MB': () => new Error('0123456789'.repeat(1_000_000)),
  'a text that cannot be made': () => ({ toString: () => raise('toString'), message: undefined }),
  'a delay without end': () =>
    Object.assign(new Error('later'), { code: 'POSTACK_RETRY_AFTER', delayMs: 1e300 }),
  undefined: () => undefined,
  null: () => null,
  'a symbol': () => Symbol('odd'),
  'a big integer': () => 10n ** 30n,
  'a function': () => () => undefined,
};

function raise(what: string): never {
  throw new Error(`${what} cannot be read`);
}
