/**
 * Preloaded into the function's process (`node --import`): `Date` runs ahead by the offset that the stack's clock
 * keeps in the file named by LOCAL_STACK_CLOCK. So the code under test needs no knowledge of a test clock.
 * Timers and performance.now() stay on real time.
 */
import { openSync, readSync } from 'node:fs';

const RealDate = Date;
const descriptor = openSync(process.env.LOCAL_STACK_CLOCK ?? '', 'r');
const bytes = Buffer.alloc(8);

// One pread of 8 bytes per look at the clock costs about a microsecond: cheap enough to be always right.
const now = () => {
  readSync(descriptor, bytes, 0, 8, 0);
  return RealDate.now() + bytes.readDoubleLE();
};

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
