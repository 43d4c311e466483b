/**
 * The web page as a person sees it, in a real Chromium: mail appears by itself, the switch works, hostile mail runs
 * nothing.
 */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Stack } from '../../infra/local/stack.ts';
import { startWebPage } from '../../infra/local/web-page.ts';
import { suiteNeeds } from '../required-suite.ts';
import { example, mail, second, start, tryAgain } from './running-stack.ts';

/** Without these, Chromium's own background requests meet a closed network, many at a time. */
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

describe.runIf(suiteNeeds('chromium'))('the web page of the local stack', () => {
  let browser: Browser;
  let page: Page;
  let stack: Stack;
  const happened: string[] = [];
  let close: () => Promise<void>;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [...quiet, '--disable-component-update', '--disable-sync'],
    });
  });
  afterAll(async () => await browser.close());
  beforeEach(async () => {
    happened.length = 0;
    stack = await start();
    const site = await startWebPage(stack);
    close = site.stop;
    page = await browser.newPage();
    page.on('dialog', (dialog) => {
      happened.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => happened.push(`console ${message.text()}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(site.url)) happened.push(`request ${request.url()}`);
    });
    await page.goto(site.url);
  });
  afterEach(async () => {
    await page.close();
    await close();
  });

  it('shows a mail soon after it was sent, without being loaded again', async () => {
    await stack.send(mail(example, { subject: 'A subject to be seen' }));
    await page.getByText('A subject to be seen').first().waitFor({ timeout: 15_000 });
    expect(await page.getByText('A subject to be seen').first().isVisible()).toBe(true);
  });

  it('shows the queue while GroupServer is switched off, and the delivery when it is on again', async () => {
    await page.getByRole('button', { name: 'Switch GroupServer off' }).click();
    await stack.send(mail(second, { subject: 'Waits for its group' }));
    await page.getByText(/Waits for its group.*second_group/).waitFor({ timeout: 15_000 });
    await page.getByText(/1 try, next in/).waitFor({ timeout: 15_000 });
    await page.getByRole('button', { name: 'Switch GroupServer on' }).click();
    await stack.settled();
    await tryAgain(stack);
    await page.getByText('No posts yet.').nth(1).waitFor();
    await page.getByText('Waits for its group').first().waitFor({ timeout: 15_000 });
    expect(stack.groupServer.posts).toHaveLength(1);
  });

  it('runs nothing that a mail brings, and asks nobody else for anything', async () => {
    const evil = '<script>alert("in the text")</script><img src="https://example.net/track" onerror="alert(1)">';
    await stack.send({
      envelope: { from: 'ada@example.com', to: [example, 'p-ada@groups.example.com', 'nobody@groups.example.com'] },
      from: { name: '"><script>alert("from")</script>', address: 'ada@example.com' },
      to: { name: '<svg onload=alert("to")>', address: example },
      subject: `</title><script>alert("subject")</script>${evil}`,
      text: evil,
      html: `${evil}<iframe srcdoc="<script>parent.alert(2)</script>"></iframe><a href="javascript:alert(3)">x</a>`,
      attachments: [
        { filename: '"><script>alert("attachment")</script>.html', content: evil, contentType: 'text/html' },
        {
          filename: 'x.svg',
          content: '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(4)"/>',
          contentType: 'image/svg+xml',
        },
      ],
    });
    await stack.send(mail(example, { from: 'spam@example.com', subject: evil }));
    await stack.settled();
    await page.getByText('in the text').first().waitFor({ timeout: 15_000, state: 'attached' });
    for (const details of await page.locator('summary').all()) await details.click();
    await page.waitForTimeout(500);
    expect(happened.filter((each) => !/Failed to load resource.*status of 40/.test(each))).toEqual([]);
    expect(await page.locator('script').count()).toBe(1);
    expect(await page.locator('iframe, svg[onload], [onerror], a[href^="javascript:"]').count()).toBe(0);
  });

  it('is served with a policy under which an inline script does not run', async () => {
    // As if escaping had failed somewhere. A text, since the tests have no types of a page.
    await page.evaluate(`
      document.body.insertAdjacentHTML('beforeend', '<img src="x:" onerror="alert(1)">');
      const script = document.createElement('script');
      script.textContent = 'alert(2)';
      document.body.append(script);
    `);
    await page.waitForTimeout(300);
    expect(happened.filter((each) => each.startsWith('dialog'))).toEqual([]);
    expect(happened.join('\n')).toMatch(/Content Security Policy/);
  });
});
