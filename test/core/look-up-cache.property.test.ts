/** The look-up cache against a model: what it may remember, how long, and what makes it forget. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Group, GroupServer } from '../../functions/core/groupserver.ts';
import { cacheLookUps } from '../../functions/core/look-up-cache.ts';
import { messageOf } from '../../functions/core/message.ts';

const signal = new AbortController().signal;
const mail = messageOf(Buffer.from('x'));

/** A GroupServer that counts look-ups, knows no group `nobody…`, and fails adds when told to. */
function site() {
  const state = { lookUps: [] as string[], adds: 0, relays: 0, bounces: 0, addFails: false };
  const server: GroupServer = {
    findGroup: (address) => {
      state.lookUps.push(address);
      return address.startsWith('nobody')
        ? Promise.reject(new Error('no group'))
        : Promise.resolve({ id: `group of ${address}` });
    },
    addPost: () => {
      state.adds += 1;
      return state.addFails ? Promise.reject(new Error('add failed')) : Promise.resolve();
    },
    relay: () => {
      state.relays += 1;
      return Promise.resolve();
    },
    recordBounce: () => {
      state.bounces += 1;
      return Promise.resolve();
    },
  };
  return { state, server };
}

const address = fc.constantFrom('a@h', 'b@h', 'nobody@h');
const step = fc.oneof(
  fc.record({ do: fc.constant('find' as const), address }),
  fc.record({ do: fc.constant('wait' as const), milliseconds: fc.constantFrom(1, 29_999, 30_000, 59_999, 60_000) }),
  fc.record({ do: fc.constant('add' as const), address, fails: fc.boolean() }),
);

describe('the cache', () => {
  it('asks again only for what it has not found within a minute, or whose post has failed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { state, server } = site();
        let now = 0;
        const cached = cacheLookUps(server, () => now);
        const foundAt = new Map<string, number>();
        const expected: string[] = [];
        const found: boolean[] = [];
        for (const each of steps) {
          if (each.do === 'wait') now += each.milliseconds;
          else if (each.do === 'add') {
            state.addFails = each.fails;
            await cached.addPost({ id: `group of ${each.address}` }, mail, 'key', signal).catch(() => undefined);
            if (each.fails) foundAt.delete(each.address);
          } else {
            const since = now - (foundAt.get(each.address) ?? Number.NEGATIVE_INFINITY);
            if (since >= 60_000) expected.push(each.address);
            const group = await cached.findGroup(each.address, signal).catch(() => undefined);
            found.push(group?.id === (each.address.startsWith('nobody') ? undefined : `group of ${each.address}`));
            if (group && since >= 60_000) foundAt.set(each.address, now);
          }
        }
        expect(state.lookUps).toEqual(expected);
        expect(found).not.toContain(false);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the group whole, with the place where it was found', async () => {
    const group: Group = { id: 'g', lookedUpAt: new URL('https://groups.example.com/x') };
    const cached = cacheLookUps({ ...site().server, findGroup: () => Promise.resolve(group) }, () => 0);
    expect(await cached.findGroup('a@h', signal)).toBe(group);
    expect(await cached.findGroup('a@h', signal)).toBe(group);
  });

  it('passes a failure on, whether of a look-up or of an add', async () => {
    const { state, server } = site();
    const cached = cacheLookUps(server, () => 0);
    await expect(cached.findGroup('nobody@h', signal)).rejects.toThrow('no group');
    state.addFails = true;
    await expect(cached.addPost({ id: 'g' }, mail, 'key', signal)).rejects.toThrow('add failed');
  });

  it('forgets every address of a group whose post has failed, and no other', async () => {
    const { state, server } = site();
    const sameGroup = {
      ...server,
      findGroup: (to: string) => server.findGroup(to, signal).then(() => ({ id: to.slice(-1) })),
    };
    const cached = cacheLookUps(sameGroup, () => 0);
    const ask = async () => {
      state.lookUps.length = 0;
      for (const to of ['a@1', 'b@1', 'c@2']) await cached.findGroup(to, signal);
      return [...state.lookUps];
    };
    expect(await ask()).toEqual(['a@1', 'b@1', 'c@2']);
    expect(await ask()).toEqual([]);
    state.addFails = true;
    await cached.addPost({ id: '1' }, mail, 'key', signal).catch(() => undefined);
    expect(await ask()).toEqual(['a@1', 'b@1']);
  });

  it('lets relayed mail and bounces through', async () => {
    const { state, server } = site();
    const cached = cacheLookUps(server, () => 0);
    await cached.relay(mail, 'key', signal);
    await cached.recordBounce({ groupAddress: 'g@h', userAddress: 'u@h' }, 'key', signal);
    expect(state).toMatchObject({ relays: 1, bounces: 1, adds: 0, lookUps: [] });
  });

  it('remembers ten thousand addresses; the oldest makes room', async () => {
    const { state, server } = site();
    const cached = cacheLookUps(server, () => 0);
    for (let number = 0; number < 10_000; number += 1) await cached.findGroup(`${number}@h`, signal);
    await cached.findGroup('0@h', signal);
    await cached.findGroup('9999@h', signal);
    expect(state.lookUps).toHaveLength(10_000);
    await cached.findGroup('more@h', signal);
    state.lookUps.length = 0;
    for (const to of ['1@h', 'more@h', '0@h']) await cached.findGroup(to, signal);
    expect(state.lookUps).toEqual(['0@h']);
  });
});
