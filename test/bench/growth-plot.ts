/**
 * Draws lines over steps that double or quadruple, with a logarithmic scale upwards, as an SVG without any script.
 */
export interface Panel {
  readonly title: string;
  /** The steps, from left to right. */
  readonly axis: readonly string[];
  /** A value for each step; NaN leaves it out. */
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const width = 640;
const height = 260;
const margin = { left: 60, right: 110, top: 40, bottom: 36 };
const colours = ['#1f6feb', '#d1242f', '#1a7f37'];

/** Draws the panels one below the other. */
export function growthPlot(panels: readonly Panel[]): string {
  const whole = panels.length * height;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${whole}" font-family="sans-serif" font-size="11">
<rect width="${width}" height="${whole}" fill="white"/>
${panels.map((panel, index) => `<g transform="translate(0 ${index * height})">${drawn(panel)}</g>`).join('\n')}
</svg>
`;
}

function drawn({ title, axis, lines }: Panel): string {
  const values = lines.flatMap((line) => line.values).filter((value) => value > 0);
  // The scale goes over whole powers of ten.
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const x = (step: number) =>
    margin.left + (step * (width - margin.left - margin.right)) / Math.max(1, axis.length - 1);
  const y = (value: number) =>
    height - margin.bottom - ((Math.log10(value) - low) / (high - low)) * (height - margin.top - margin.bottom);
  const powers = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  return [
    `<text x="${margin.left}" y="20" font-size="13" font-weight="bold">${title}</text>`,
    ...powers.map(
      (power) =>
        `<line x1="${margin.left}" x2="${width - margin.right}" y1="${round(y(power))}" y2="${round(y(power))}" stroke="#ddd"/>` +
        `<text x="${margin.left - 6}" y="${round(y(power)) + 4}" text-anchor="end">${power}</text>`,
    ),
    ...axis.map((text, step) => `<text x="${round(x(step))}" y="${height - 16}" text-anchor="middle">${text}</text>`),
    ...lines.map(({ name, values: own }, index) => {
      const points = own.flatMap((value, step) => (value > 0 ? [[round(x(step)), round(y(value))] as const] : []));
      const colour = colours[index % colours.length];
      const last = points.at(-1) ?? [0, 0];
      return (
        `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map((point) => point.join(',')).join(' ')}"/>` +
        points.map(([left, top]) => `<circle cx="${left}" cy="${top}" r="3" fill="${colour}"/>`).join('') +
        `<text x="${last[0] + 8}" y="${last[1] + 4 + 12 * index}" fill="${colour}">${name}</text>`
      );
    }),
  ].join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
