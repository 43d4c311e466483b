/**
 * A short chaos run through each door: whatever happens, every mail ends exactly once in a place where it belongs, and a
 * GroupServer in trouble is treated with manners. `npm run chaos` does the same with many mails.
 */
import { describe, expect, it } from 'vitest';
import { suiteNeeds } from '../required-suite.ts';
import type { DoorName } from './chaos-options.ts';
import { ledgerText } from './ledger-text.ts';
import { openDoor } from './open-door.ts';
import { isGood, runDoor } from './run-door.ts';

/** Milliseconds: a machine that is busy with something else takes its time. */
const patience = 300_000;

async function run(name: DoorName): Promise<void> {
  const door = await openDoor(name);
  try {
    const ledger = await runDoor(door, { mails: 60, seed: 4, say: () => undefined });
    expect(isGood(ledger) ? '' : ledgerText(ledger)).toBe('');
    // Trouble has come about, and mail has been through it.
    expect(ledger.judgement.deliveries).toBeGreaterThan(60);
    expect(Number(ledger.notes['tries that were deferred'])).toBeGreaterThan(10);
  } finally {
    await door.stop();
  }
}

describe('while everything around it fails, nothing is lost and nothing is posted twice', () => {
  it('through the local stack', () => run('stack'), patience);
});

describe.runIf(suiteNeeds('postfix', { asRoot: true }))('the same behind Postfix', () => {
  it('through the command', () => run('pipe'), patience);
  it('through LMTP', () => run('lmtp'), patience);
});
