import { applyOptions } from '../errors/option-rules.js';
import type { ListenerOptions } from './handler-metadata.js';

/** Options of finding listeners. */
export class ListenersOptions {
  /**
   * Settings of single listeners, by listener name; they take precedence over those in the decorators. `false` switches
   * a listener off: no event is delivered to it.
   */
  listeners: Readonly<Record<string, ListenerOptions | false>> = {};

  constructor(given: Partial<ListenersOptions> = {}) {
    applyOptions(this, given);
  }
}
