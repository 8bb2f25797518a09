import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Logger, Scope } from '@nestjs/common';
import {
  ConfigurationError,
  ListenerControl,
  MessageReceivedEvent,
  OnPostackEvent,
  type OnPostackEventOptions,
  type PostackModuleOptions,
  PostackProjection,
} from '../../src/index.js';
import { startTestApplication, type TestApplicationOptions } from '../support/test-application.js';
import { RecordingLogger } from '../support/recording-logger.js';

@Injectable()
class Crm {
  @OnPostackEvent(MessageReceivedEvent)
  onReceived(): void {
    // Being found is all that matters here.
  }

  @OnPostackEvent('number.released')
  onReleased(): void {
    // Being found is all that matters here.
  }
}

@Injectable()
class OtherCrm extends Crm {}

function listenerClass(options: OnPostackEventOptions) {
  @Injectable()
  class Listener {
    @OnPostackEvent(MessageReceivedEvent, options)
    on(): void {
      // Being found is all that matters here.
    }
  }
  return Listener;
}

describe('HandlerRegistry, listeners and projections are checked at boot:', () => {
  const boot = async (setup: TestApplicationOptions): Promise<ConfigurationError> => {
    const error: unknown = await startTestApplication(setup).then(
      async (app) => {
        await app.close();
        return new Error('it started');
      },
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    return error as ConfigurationError;
  };

  it('two of one name are refused, with both ways out', async () => {
    const error = await boot({
      providers: [
        { provide: 'a', useClass: listenerClass({ name: 'crm' }) },
        { provide: 'b', useClass: listenerClass({ name: 'crm' }) },
      ],
    });
    expect(error.message).toMatch(
      /Listener\.on: the name "crm" is used twice; set a different name for one of them/,
    );
  });

  it('two decorators on one method are both found: two listeners by their names, or one with both subscriptions', async () => {
    @Injectable()
    class Twice {
      @OnPostackEvent('message.sent', { name: 'on-sent' })
      @OnPostackEvent('message.failed', { name: 'on-failed' })
      on(): void {
        // Being found is all that matters here.
      }

      @OnPostackEvent('message.sent')
      @OnPostackEvent('message.queued')
      onEither(): void {
        // Being found is all that matters here.
      }
    }
    const app = await startTestApplication({ providers: [Twice] });
    try {
      const states = await app.application.get(ListenerControl).report();
      const types = Object.fromEntries(
        states.map(({ name, subscriptions }) => [name, [...subscriptions].sort()]),
      );
      expect(types).toMatchObject({
        'on-sent': ['message.sent'],
        'on-failed': ['message.failed'],
        'Twice.onEither': ['message.queued', 'message.sent'],
      });
    } finally {
      await app.close();
    }
  });

  it('a static method is refused when its class is declared', () => {
    expect(() => {
      class Static {
        readonly name = 'static';

        @OnPostackEvent(MessageReceivedEvent)
        static on(): void {
          // Never called.
        }
      }
      return Static;
    }).toThrow(/Static\.on is static: there is no provider to call it on/);
  });

  it('a method that another decorator has replaced is found, and one that a subclass overrides is not', async () => {
    const traced: MethodDecorator = (_target, _key, descriptor) => {
      const method = descriptor.value as (...args: unknown[]) => unknown;
      descriptor.value = function (this: unknown, ...args: unknown[]) {
        return method.apply(this, args);
      } as typeof descriptor.value;
    };
    @Injectable()
    class Traced {
      @traced
      @OnPostackEvent(MessageReceivedEvent)
      on(): void {
        // Being found is all that matters here.
      }
    }
    @Injectable()
    class Overriding extends Traced {
      override on(): void {
        // Without the decorator.
      }
    }
    const app = await startTestApplication({ providers: [Traced, Overriding] });
    try {
      const states = await app.application.get(ListenerControl).report();
      const names = states.map(({ name }) => name).filter((name) => name.endsWith('.on'));
      expect(names).toEqual(['Traced.on']);
    } finally {
      await app.close();
    }
  });

  it('a listener and a projection cannot share a name either', async () => {
    @Injectable()
    class Projection {
      @PostackProjection(MessageReceivedEvent, { name: 'crm' })
      project(): Promise<void> {
        return Promise.resolve();
      }
    }
    const error = await boot({ providers: [listenerClass({ name: 'crm' }), Projection] });
    expect(error.message).toContain('"crm" is used twice');
  });

  it('request-scoped classes are refused, with the way out', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @OnPostackEvent(MessageReceivedEvent)
      on(): void {
        // Never called.
      }
    }
    const error = await boot({ providers: [PerRequest] });
    expect(error.message).toMatch(
      /PerRequest\.on: request-scoped providers are not supported.* singleton,.* ModuleRef\.resolve\(\)/,
    );
  });

  it.each<[string, OnPostackEventOptions, RegExp]>([
    ['a name with a space', { name: 'my listener' }, /must be 1 to 80 letters/],
    ['no concurrency', { concurrency: 0 }, /"concurrency" must be a whole number, from 1 to 1000; it is 0/],
    ['no attempts', { retry: { attempts: 0 } }, /"retry.attempts" must be/],
    [
      'a negative delay',
      { retry: { firstDelayMs: -1 } },
      /"retry.firstDelayMs" must be a whole number, from 0/,
    ],
    [
      'another order',
      { ordered: 'type' as 'message' },
      /"ordered" must be "conversation" or "message"; it is "type"/,
    ],
    ['a batch of none', { batch: { maxSize: 0 } }, /"batch.maxSize" must be a whole number, from 1 to 1000/],
    [
      'a transactional batch',
      { batch: true, transactional: true },
      /cannot be combined.* use @PostackProjection/,
    ],
    ['no time', { timeoutMs: 0.5 }, /"timeoutMs" must be a whole number/],
  ])('%s is refused, naming the setting', async (_what, options, message) => {
    expect((await boot({ providers: [listenerClass(options)] })).message).toMatch(message);
  });

  it('all problems are reported at once', async () => {
    const error = await boot({
      providers: [
        { provide: 'a', useClass: listenerClass({ name: 'a b' }) },
        { provide: 'b', useClass: listenerClass({ name: 'b', timeoutMs: -1 }) },
      ],
    });
    expect(error.problems).toHaveLength(2);
  });

  it('settings for a listener that does not exist are refused', async () => {
    const options: Partial<PostackModuleOptions> = { listeners: { crn: { concurrency: 1 } } };
    const error = await boot({ providers: [listenerClass({ name: 'crm' })], options });
    expect(error.message).toContain(
      '"listeners" has settings for "crn", but there is no listener of that name',
    );
  });
});

const withoutPadding = (line: string) => line.replace(/ +/g, ' ');

describe('the boot log', () => {
  const logger = new RecordingLogger();
  beforeEach(() => {
    Logger.overrideLogger(logger);
  });
  afterEach(() => {
    Logger.overrideLogger(false);
  });

  it('shows which projections and listeners each event goes to', async () => {
    const app = await startTestApplication({
      providers: [Crm, OtherCrm],
      configure: () => {
        Logger.overrideLogger(logger);
      },
    });
    await app.close();
    const about = (name: string) => logger.lines.filter((line) => line.includes(name)).map(withoutPadding);
    expect(about('Crm.onReceived ')[0]).toContain(
      'Crm.onReceived : one by one, 16 at once, 30 s each, 23 attempts',
    );
    expect(about('sending')).toEqual([expect.stringContaining('sending : off: the option "api" is not set')]);
    expect(about('reply policies')).toEqual(['reply policies : RuleReplies, HelpReply, DefaultRuleReply']);
    expect(about('connections')).toEqual([
      expect.stringMatching(
        /connections : up to \d+ \(data source \d+, accepting and deliveries 5, jobs 4\)$/,
      ),
    ]);
    const table = logger.lines.filter((line) => line.includes('→'));
    expect(table.map(withoutPadding)).toEqual([
      'event → projections | listeners',
      'message.received → messages, opt-outs | Crm.onReceived, OtherCrm.onReceived',
      'message.queued → messages | –',
      'message.sent → messages | –',
      'message.delivered → messages | –',
      'message.undelivered → messages | failures.warn, failures.react',
      'message.failed → messages | failures.warn, failures.react',
      'number.released → – | Crm.onReleased, OtherCrm.onReleased',
      '(any other type) → – | – (stored as unhandled)',
    ]);
  });
});
