/**
 * The HTML of GroupServer's pages: a header, the form and, once a form has been processed, the status box in the shape
 * of the server's generation. The box has another place, another order of attributes and another wrapping each time.
 */
import { escapeHtml } from './escape-html.ts';
import { type Page, type Problem, pages } from './page.ts';
import type { Generation } from './record.ts';

/** How a form went: not processed at all, done (with the text of the status), or refused. */
export type FormStatus = { done: string } | { refused: readonly Problem[] } | undefined;

/** The whole page; `echo` are values that a refused form shows again, by field name. */
export function formPage(
  page: Page,
  generation: Generation,
  status: FormStatus,
  echo: ReadonlyMap<string, string> = new Map(),
): string {
  const { title } = pages[page];
  const box = status ? boxes[generation](status) : '';
  const form = formOf(page, echo);
  return `<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en" xml:lang="en">
  <head>
    <meta charset="utf-8" />
    <title>${escapeHtml(title)} - GroupServer</title>
    <link rel="stylesheet" type="text/css" href="/++resource++gs-site-${generation}.css" />
    <script type="text/javascript">//<![CDATA[
      var status = document.getElementById("${boxIds[generation]}"); if (status) { status.tabIndex = -1; }
    //]]></script>
  </head>
  <body class="form generation-${generation}">
    <div id="header"><p id="siteId"><a href="/">Example groups</a></p></div>
    <div id="bd">
      <h1>${escapeHtml(title)}</h1>
      ${generation === 2010 ? form + box : box + form}
    </div>
    <div id="footer"><p>Powered by <a href="http://groupserver.org/">GroupServer</a>.</p></div>
  </body>
</html>
`;
}

const boxIds = {
  2010: 'form-message',
  2013: 'gs-content-form-message',
  2014: 'gs-content-form-base-message',
} as const satisfies Record<Generation, string>;

const boxes: Record<Generation, (status: NonNullable<FormStatus>) => string> = {
  2010: (status) => `<div class="ui-corner-all ${'done' in status ? 'ui-state-highlight' : 'ui-state-error'}"
           id="${boxIds[2010]}">
        <span class="ui-icon">&#160;</span> ${textOf(status)}
        ${problemList(status, '')}
      </div>`,
  2013: (status) => `<div title="Status" id="${boxIds[2013]}"
           class="alert ${'done' in status ? 'alert-info' : 'alert-error'}">
        <a class="close" href="#${boxIds[2013]}">&#215;</a>
        ${textOf(status)}
        ${problemList(status, '')}
      </div>`,
  2014: (
    status,
  ) => `<div id="${boxIds[2014]}" class="${'done' in status ? 'alert alert-info' : 'alert-block alert-error'}" role="region">
        <button type="button" class="close" data-dismiss="alert">&#215;</button>
        <div class="gs-content-form-base-message-status">${textOf(status)}</div>
        ${problemList(status, ' class="dl-horizontal"')}
      </div>`,
};

function textOf(status: NonNullable<FormStatus>): string {
  if ('done' in status) return `<p>${escapeHtml(status.done)}</p>`;
  return `<p>${status.refused.length === 1 ? 'There is an error:' : 'There are errors:'}</p>`;
}

function problemList(status: NonNullable<FormStatus>, attributes: string): string {
  if ('done' in status) return '';
  const rows = status.refused.map(
    ({ label, text }) => `<dt>${escapeHtml(label)}</dt><dd class="error">${escapeHtml(text)}</dd>`,
  );
  return `<dl${attributes}>${rows.join('')}</dl>`;
}

function formOf(page: Page, echo: ReadonlyMap<string, string>): string {
  const { action, fields, path } = pages[page];
  const widgets = fields.map(({ name, label, kind }) => {
    const id = `form.${name}`;
    const value = escapeHtml(echo.get(name) ?? '');
    const widget =
      kind === 'message'
        ? `<textarea id="${id}" name="${id}" rows="15" cols="60">${value}</textarea>`
        : `<input class="textType" id="${id}" name="${id}" type="text" value="${value}" />`;
    return `<div class="form-widget required"><label for="${id}">${escapeHtml(label)}</label> ${widget}</div>`;
  });
  return `<form action="${path}" method="post" enctype="multipart/form-data" class="edit-form">
        ${widgets.join('\n        ')}
        <div id="actions"><input type="submit" class="button" id="form.${action.name}" name="form.${action.name}" value="${action.label}" /></div>
      </form>
      `;
}
