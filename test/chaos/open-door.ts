/** Opens a door by its name. */
import type { DoorName } from './chaos-options.ts';
import type { Door } from './door.ts';

/** Opens it; rejects when what it needs is not there. */
export async function openDoor(name: DoorName): Promise<Door> {
  switch (name) {
    case 'stack':
      return await (await import('./stack-door.ts')).openStackDoor();
    case 'pipe':
      return await (await import('./postfix-door.ts')).openPipeDoor();
    case 'lmtp':
      return await (await import('./postfix-door.ts')).openLmtpDoor();
  }
}
