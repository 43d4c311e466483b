import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptTime, bounceAge, expiryAge, waitAfter } from '../../functions/ses2gs/schedule.ts';

const minute = 60;
const hour = 3600;
/** The middle of the jitter. */
const middle = 0.5;

describe('the schedule', () => {
  it('waits longer after each failed try, an hour at most', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 50].map(
      (receiveCount) => waitAfter({ receiveCount, age: 0, random: middle }) / minute,
    );
    expect(waits).toEqual([1, 2, 5, 10, 20, 30, 60, 60, 60]);
  });

  it('reaches 20 hours in 25 to 30 tries', () => {
    let age = 0;
    let tries = 0;
    for (; age < expiryAge; tries += 1) age += waitAfter({ receiveCount: tries + 1, age, random: middle });
    expect(age).toBeLessThan(expiryAge + hour);
    expect(tries).toBeGreaterThanOrEqual(25);
    expect(tries).toBeLessThanOrEqual(30);
  });

  it('is off by 20 percent at most', () => {
    expect(waitAfter({ receiveCount: 7, age: 0, random: 0 })).toBe(0.8 * hour);
    expect(waitAfter({ receiveCount: 7, age: 0, random: 0.999999 })).toBe(1.2 * hour);
  });

  it('waits as long as the server asks for, if that is longer', () => {
    expect(waitAfter({ receiveCount: 1, age: 0, retryAfter: 1000, random: middle })).toBe(1000);
    expect(waitAfter({ receiveCount: 7, age: 0, retryAfter: 1000, random: middle })).toBe(hour);
  });

  it('tries once more when the time is over, whatever the server asks for', () => {
    expect(waitAfter({ receiveCount: 9, age: expiryAge - 10 * minute, retryAfter: 24 * hour, random: middle })).toBe(
      hour,
    );
    expect(waitAfter({ receiveCount: 1, age: expiryAge - 10 * minute, retryAfter: 24 * hour, random: middle })).toBe(
      10 * minute,
    );
  });

  it('hurries when parking has failed for days, so that the queue itself moves the mail before it deletes it', () => {
    let age = 0;
    let tries = 0;
    for (; tries < 100; tries += 1) age += waitAfter({ receiveCount: tries + 1, age, random: 0.999999 });
    expect(age).toBeLessThan(4 * 24 * hour);
  });

  it('always gives whole seconds that SQS takes', () => {
    const failedTry = fc.record({
      receiveCount: fc.integer({ min: 0, max: 2000 }),
      age: fc.integer({ min: 0, max: 1e9 }),
      retryAfter: fc.integer({ min: 0, max: 1e9 }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(failedTry, (failed) => {
        const wait = waitAfter(failed);
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(48);
        expect(wait).toBeLessThanOrEqual(43_200);
      }),
    );
  });
});

describe('a bounce', () => {
  it('can still be sent when the time for other mail is over, but not in the last hour in which SES takes it', () => {
    expect(bounceAge).toBeGreaterThan(expiryAge);
    expect(24 * hour - bounceAge).toBe(hour);
  });
});

describe('an attempt', () => {
  it('is not started with less than 20 seconds left', () => {
    expect(attemptTime(19_999, 120_000)).toBeUndefined();
  });

  it('leaves 10 seconds for what follows it', () => {
    expect(attemptTime(20_000, 120_000)).toBe(10_000);
  });

  it('takes no longer than the settings say', () => {
    expect(attemptTime(180_000, 120_000)).toBe(120_000);
  });
});
