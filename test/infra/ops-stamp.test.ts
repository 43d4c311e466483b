/** What is believed of the header of a stored mail, and what is not. */
import { describe, expect, test } from 'vitest';
import { readHeader } from '../../functions/core/header.ts';
import { readStamp } from '../../infra/ops/stamp.ts';

const id = 'o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1';
const received = `Received: from mx.example.com (mx.example.com [192.0.2.1])\r\n by inbound-smtp.us-east-1.amazonaws.com with SMTP id ${id}\r\n for list@groups.example.com;\r\n Sun, 22 Nov 2026 08:00:00 +0000 (UTC)`;
const stamp = async (...lines: string[]) =>
  readStamp(await readHeader([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)]), id);
const nothing = { spam: '', virus: '', spf: '', dkim: '', dmarc: '' };

test('all that SES has written is read', async () => {
  const found = await stamp(
    'Return-Path: <ada@example.com>',
    received,
    'X-SES-Spam-Verdict: PASS',
    'X-SES-Virus-Verdict: FAIL',
    'Received-SPF: pass (spfCheck: ...)',
    'Authentication-Results: amazonses.com;\r\n spf=pass (spfCheck: ...) client-ip=192.0.2.1;\r\n dkim=none header.i=@example.com;\r\n dmarc=fail header.from=example.com;',
    'X-SES-RECEIPT: AEF',
    'Subject: Tea',
  );
  const verdicts = { spam: 'PASS', virus: 'FAIL', spf: 'PASS', dkim: 'GRAY', dmarc: 'FAIL' };
  expect(found).toEqual({ sender: 'ada@example.com', recipient: 'list@groups.example.com', verdicts });
});

describe('nothing is believed', () => {
  test.each([
    ['that stands below a Received field with the id of another mail', received.replace(id, 'another')],
    [
      'that stands below a Received field of another host',
      received.replace('inbound-smtp.us-east-1.amazonaws.com', 'mx.example.com'),
    ],
  ])('%s', async (_what, line) => {
    const found = await stamp('Return-Path: <ada@example.com>', line, 'X-SES-Spam-Verdict: PASS', 'X-SES-RECEIPT: AEF');
    expect(found).toEqual({ sender: undefined, recipient: undefined, verdicts: nothing });
  });

  test('of verdicts that no receipt of SES closes, nor of those below it', async () => {
    expect(await stamp(received, 'X-SES-Spam-Verdict: PASS')).toMatchObject({ verdicts: nothing });
    expect(await stamp(received, 'X-SES-RECEIPT: AEF', 'X-SES-Spam-Verdict: PASS')).toMatchObject({
      verdicts: { spam: '' },
    });
  });

  test('of a Return-Path below the Received field', async () => {
    expect(await stamp(received, 'Return-Path: <boss@example.com>')).toMatchObject({ sender: undefined });
  });
});

test('a Received field without a recipient names none', async () => {
  expect(await stamp(received.replace('\r\n for list@groups.example.com', ''))).toMatchObject({ recipient: undefined });
});

test('the null sender is empty, and a recipient may stand in brackets', async () => {
  const line = received.replace('list@groups.example.com', '<list+ada=example.org@groups.example.com>');
  expect(await stamp('Return-Path: <>', line)).toMatchObject({
    sender: '',
    recipient: 'list+ada=example.org@groups.example.com',
  });
});
