/**
 * What TLS the Lambda's transport accepts, against real TLS servers.
 */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { undiciTransport } from '../../functions/ses2gs/undici-transport.ts';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { type Certificate, makeCertificates } from '../certificates.ts';
import { deliverDoor } from '../core/deliver-door.ts';
import type { Scenario } from '../scenarios.ts';

const certificates = makeCertificates();
let server: GroupServer | undefined;
afterEach(async () => {
  await server?.stop();
});
afterAll(() => certificates.remove());

const scenario: Scenario = { title: 'a mail', timeout: 20, expected: { kind: 'posted', requests: [] } };
const deliver = async (tls: Certificate & { maxVersion?: 'TLSv1'; minVersion?: 'TLSv1'; ciphers?: string }) => {
  server = await startGroupServer({ tls });
  return await deliverDoor(undiciTransport({ ca: certificates.ca }))(scenario, server.url);
};

describe('TLS of the Lambda', () => {
  it('delivers to a server whose certificate is vouched for', async () => {
    expect(await deliver(certificates.good)).toEqual({ line: '', exit: 0 });
    expect(server?.posts).toHaveLength(1);
  });

  it.each(['selfSigned', 'expired', 'wrongHost'] as const)(
    'defers with 4.4.4 when the certificate is %s',
    async (kind) => {
      const { line } = await deliver(certificates[kind]);
      expect(line).toMatch(/^4\.4\.4 .*certificate/i);
      expect(server?.requests).toEqual([]);
    },
  );

  it('defers with 4.4.4 when the server speaks TLS 1.0 only', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect((await deliver({ ...certificates.good, ...old })).line).toMatch(/^4\.4\.4 /);
    expect(server?.requests).toEqual([]);
  });
});
