/** One thing that `npm run doctor` looks at, and what it finds. */
import { explain } from '../explain.ts';
import type { Stack } from '../stack.ts';

export interface Check {
  /** What is looked at, in a few words. */
  readonly name: string;
  /** Looks; anything thrown is a finding as well. */
  look(): Promise<Finding>;
}

export type Finding =
  | { readonly isWell: true; readonly text: string }
  | { readonly isWell: false; readonly text: string; readonly remedy: string };

export const well = (text: string): Finding => ({ isWell: true, text });

export const ill = (text: string, remedy: string): Finding => ({ isWell: false, text, remedy });

/** Carries a check out; it does not reject. */
export async function finding(check: Check, { region }: Stack): Promise<Finding> {
  try {
    return await check.look();
  } catch (error) {
    return ill(explain(error, region), 'mend that, and ask again');
  }
}

/** What `sam deploy` puts right. */
export const redeploy = 'somebody changed it: sam deploy puts it back';
