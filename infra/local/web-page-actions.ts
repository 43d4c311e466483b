/** What the buttons of the web page do. */
import type { Stack } from './stack.ts';

/** Carries out what a form asks for; what it does not know it ignores. */
export async function carryOut(stack: Stack, form: URLSearchParams): Promise<void> {
  const value = form.get('value');
  const wanted = form.get('do');
  if (wanted === 'group-server') {
    const server = stack.sites[Number(form.get('site'))]?.server;
    await (value === 'on' ? server?.online() : server?.offline());
  }
  if (wanted === 'delivery' && value === 'on') stack.mapping.enable();
  if (wanted === 'delivery' && value === 'off') stack.mapping.disable();
  if (wanted === 'clock') {
    const minutes = Number(value);
    if (minutes > 0 && minutes <= 1440) stack.turnClock(minutes * 60_000);
  }
}
