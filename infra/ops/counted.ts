/** Writes a number of things: `1 mail`, `3 mails`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
