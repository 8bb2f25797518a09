import { describe, expect, it } from '@jest/globals';
import { isOptedOut, type OptOutState } from './opt-out-state.js';

const state = (ownNumber: string, optedOut: boolean, second: number): OptOutState => ({
  ownNumber,
  optedOut,
  since: new Date(second * 1000),
  receivedAt: null,
});

describe('isOptedOut', () => {
  it('takes the latest state of any own number with scope "all"', () => {
    const states = [state('+1', true, 1), state('+2', false, 2)];
    expect(isOptedOut(states, '+1', 'all')).toBe(false);
    expect(isOptedOut([...states, state('+3', true, 3)], '+1', 'all')).toBe(true);
  });

  it('takes the latest state of this own number, or of all, with scope "number"', () => {
    const states = [state('+1', true, 1), state('', false, 2), state('+2', true, 3)];
    expect(isOptedOut(states, '+1', 'number')).toBe(false);
    expect(isOptedOut(states, '+2', 'number')).toBe(true);
    expect(isOptedOut(states, '+3', 'number')).toBe(false);
    expect(isOptedOut([state('', true, 1)], '+3', 'number')).toBe(true);
  });

  it('is true without an own number when there is an opt-out from any', () => {
    expect(isOptedOut([state('+1', true, 1), state('+2', false, 2)], '', 'number')).toBe(true);
    expect(isOptedOut([state('+1', true, 1), state('', false, 2)], '', 'number')).toBe(false);
  });

  it('is true when opt-out and opt-in have the same time', () => {
    expect(isOptedOut([state('+1', false, 1), state('+2', true, 1)], '+1', 'all')).toBe(true);
    expect(isOptedOut([state('', true, 1), state('+1', false, 1)], '+1', 'number')).toBe(true);
  });

  it('is false without states', () => {
    expect(isOptedOut([], '+1', 'all')).toBe(false);
    expect(isOptedOut([], '', 'number')).toBe(false);
  });
});
