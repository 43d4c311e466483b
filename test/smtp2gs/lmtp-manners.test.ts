/**
 * How LMTP spares a server and bounds itself, on a clock that is turned by hand: the circuit breaker and the gate.
 */
import { describe, expect, it } from 'vitest';
import { DeliveryFailure } from '../../functions/core/delivery-status.ts';
import type { Answer, Post, PostRequest } from '../../functions/core/transport.ts';
import { circuitBreaker } from '../../functions/smtp2gs/tools/circuit-breaker.ts';
import { deadline } from '../../functions/smtp2gs/tools/deadline.ts';
import { gate } from '../../functions/smtp2gs/tools/gate.ts';

const request: PostRequest = { url: new URL('http://127.0.0.1'), headers: {}, length: 0, body: () => [] };
const answer: Answer = { status: 200, headers: {}, body: (async function* () {})(), close: () => undefined };
const unreachable = () => new DeliveryFailure('server-unreachable', '127.0.0.1: ECONNREFUSED');
const signal = new AbortController().signal;

/** A breaker around a server that does what it is told, and counts how often it is asked. */
function setUp() {
  const clock = { now: 0 };
  const server = { asked: 0, respond: (): Promise<Answer> => Promise.resolve(answer) };
  const breaker = circuitBreaker(() => clock.now);
  const post: Post = breaker.around(() => {
    server.asked += 1;
    return server.respond();
  });
  const ask = (by = signal) => post(request, by).then(() => 'answered', String);
  return { clock, server, breaker, ask };
}

describe('the circuit breaker', () => {
  it('asks a server that is down three times, then once in five seconds', async () => {
    const { clock, server, breaker, ask } = setUp();
    server.respond = () => Promise.reject(unreachable());
    for (let index = 0; index < 20; index += 1) await ask();
    expect(server.asked).toBe(3);
    expect(await ask()).toBe('DeliveryFailure: 127.0.0.1: ECONNREFUSED; not asked again for 5 s');
    for (clock.now = 1000; clock.now <= 21_000; clock.now += 1000) await ask();
    expect(server.asked).toBe(3 + 4);
    expect(breaker.refusal()?.kind).toBe('server-unreachable');
  });

  it('lets one request try while the others are refused', async () => {
    const { clock, server, ask } = setUp();
    server.respond = () => Promise.reject(unreachable());
    for (let index = 0; index < 3; index += 1) await ask();
    clock.now = 5000;
    let refuse: (error: unknown) => void = () => undefined;
    server.respond = () => new Promise((_, reject) => (refuse = reject));
    const trying = ask();
    clock.now = 14_999;
    expect(await ask()).toContain('not asked again for 1 s');
    expect(server.asked).toBe(4);
    refuse(unreachable());
    await trying;
    expect(await ask()).toContain('not asked again for 5 s');
  });

  it('lets everything through as soon as the server has answered, or was reached at all', async () => {
    for (const error of [undefined, new DeliveryFailure('connection-lost', 'reset')]) {
      const { clock, server, breaker, ask } = setUp();
      server.respond = () => Promise.reject(unreachable());
      for (let index = 0; index < 3; index += 1) await ask();
      clock.now = 5000;
      server.respond = () => (error ? Promise.reject(error) : Promise.resolve(answer));
      await ask();
      expect(breaker.refusal()).toBeUndefined();
      server.respond = () => Promise.resolve(answer);
      expect(await Promise.all([ask(), ask()])).toEqual(['answered', 'answered']);
    }
  });

  it('counts failures in a row only, and none of somebody who came too late', async () => {
    const { server, breaker, ask } = setUp();
    const late = new AbortController();
    late.abort();
    for (let index = 0; index < 10; index += 1) {
      server.respond = () => Promise.reject(unreachable());
      await ask();
      await ask();
      await ask(late.signal);
      expect(breaker.refusal()).toBeUndefined();
      server.respond = () => Promise.resolve(answer);
      await ask();
    }
  });

  it('keeps the pause that a server asks for, five minutes at most, and is open afterwards', async () => {
    const { clock, server, breaker, ask } = setUp();
    breaker.heed({ retryAfter: 20, detail: 'HTTP 503' });
    expect(await ask()).toBe('DeliveryFailure: HTTP 503; not asked again for 20 s');
    expect(breaker.refusal()?.kind).toBe('answer-not-understood');
    clock.now = 20_000;
    expect(await ask()).toBe('answered');
    expect(await ask()).toBe('answered');
    breaker.heed({ retryAfter: 86_400 });
    clock.now += 299_999;
    expect(breaker.refusal()).toBeDefined();
    clock.now += 1;
    expect(breaker.refusal()).toBeUndefined();
    breaker.heed({ retryAfter: 0 });
    breaker.heed({});
    expect(await ask()).toBe('answered');
    expect(server.asked).toBe(3);
  });

  it('is not closed by an answer to a request from before the pause', async () => {
    const { server, breaker, ask } = setUp();
    let give: (value: Answer) => void = () => undefined;
    server.respond = () => new Promise((resolve) => (give = resolve));
    const early = ask();
    breaker.heed({ retryAfter: 20 });
    give(answer);
    expect(await early).toBe('answered');
    expect(breaker.refusal()).toBeDefined();
  });
});

describe('the gate', () => {
  it('gives turns in order, as many at once as it is wide', async () => {
    const turns = gate(2);
    const order: number[] = [];
    const entered = [1, 2, 3, 4].map(async (number) => {
      const turn = await turns.enter(signal);
      order.push(number);
      return turn;
    });
    const [first, second] = await Promise.all([entered[0], entered[1]]);
    await Promise.resolve();
    expect(order).toEqual([1, 2]);
    second?.leave();
    await entered[2];
    expect(order).toEqual([1, 2, 3]);
    first?.leave();
    await entered[3];
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('sends away who waits beyond the deadline, and keeps no place for them', async () => {
    const turns = gate(1);
    const holder = await turns.enter(signal);
    const end = deadline(0);
    await expect(turns.enter(end.signal)).rejects.toMatchObject({ kind: 'no-slot' });
    holder.leave();
    (await turns.enter(signal)).leave();
    expect(end.signal.reason).toMatchObject({ name: 'TimeoutError' });
  });
});
