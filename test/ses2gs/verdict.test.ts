import { describe, expect, it } from 'vitest';
import { judge } from '../../functions/ses2gs/verdict.ts';

const fine = { spam: 'PASS', virus: 'PASS', spf: 'PASS', dkim: 'PASS', dmarc: 'PASS' };
const judged = (
  verdicts: Partial<typeof fine>,
  dmarcPolicy = '',
  spamAction: 'quarantine' | 'deliver' | 'drop' = 'quarantine',
) => judge({ verdicts: { ...fine, ...verdicts }, dmarcPolicy }, { spamAction });

describe('a mail', () => {
  it('with a virus is quarantined, whatever is done with spam', () => {
    for (const action of ['quarantine', 'deliver', 'drop'] as const)
      expect(judged({ virus: 'FAIL', spam: 'FAIL' }, '', action)).toEqual({ kind: 'quarantine', why: 'virus' });
  });

  it('that is spam goes where the settings say', () => {
    expect(judged({ spam: 'FAIL' })).toEqual({ kind: 'quarantine', why: 'spam' });
    expect(judged({ spam: 'FAIL' }, '', 'drop')).toEqual({ kind: 'drop', why: 'spam' });
    expect(judged({ spam: 'FAIL' }, '', 'deliver')).toEqual({ kind: 'deliver' });
  });

  it.each(['reject', 'quarantine'])(
    'that DMARC fails with the policy %s is quarantined, even where spam is delivered',
    (policy) => {
      expect(judged({ dmarc: 'FAIL' }, policy, 'deliver')).toEqual({ kind: 'quarantine', why: 'dmarc' });
    },
  );

  it.each(['none', ''])('that DMARC fails with the policy "%s" is delivered', (policy) => {
    expect(judged({ dmarc: 'FAIL' }, policy)).toEqual({ kind: 'deliver' });
  });

  it('that DMARC does not fail is delivered, whatever policy is told', () => {
    expect(judged({}, 'reject')).toEqual({ kind: 'deliver' });
  });

  it.each(['GRAY', 'PROCESSING_FAILED', 'DISABLED', ''])('with verdicts of "%s" is delivered', (verdict) => {
    expect(judged({ spam: verdict, virus: verdict, spf: verdict, dkim: verdict, dmarc: verdict })).toEqual({
      kind: 'deliver',
    });
  });

  it('that only SPF and DKIM fail is delivered', () => {
    expect(judged({ spf: 'FAIL', dkim: 'FAIL' })).toEqual({ kind: 'deliver' });
  });
});
