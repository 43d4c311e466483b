/**
 * Builds the Lambda: `ses2gs/index.mjs` with everything that a mail needs, and chunks that are loaded when they are
 * needed (the client of the secret, bounces with their mailparser). `LICENSES.txt` has the notices of all libraries in
 * it. Nothing is left to be found at run time, not even the AWS SDK that Lambda has.
 */
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { bundledPackages, licenceNotices } from './licence-notices.ts';

const root = new URL('../../', import.meta.url).pathname;
const require = createRequire(import.meta.url);

/** CommonJS libraries call `require` for Node's own modules. */
const requireForCommonJs =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** Writes the function to `dist/ses2gs`. */
export async function buildLambda(dist: string): Promise<Metafile> {
  const outdir = join(dist, 'ses2gs');
  const { metafile } = await build({
    entryPoints: { index: join(root, 'functions/ses2gs/handler.ts') },
    outdir,
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    mainFields: ['module', 'main'],
    banner: { js: requireForCommonJs },
    // undici's own switch, which Node's core sets: the parser that is still an experiment stays out.
    define: { esbuildDetection: 'true' },
    plugins: [smallUndici, oneCopy],
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  await writeFile(join(outdir, 'LICENSES.txt'), await licenceNotices(root, bundledPackages(metafile)));
  return metafile;
}

/** Of undici only the agent is taken, and the HTTP parser only in the form for processors with SIMD, which all of Lambda's are. */
const smallUndici: Plugin = {
  name: 'small-undici',
  setup(bundle) {
    bundle.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'small-undici' }));
    bundle.onLoad({ filter: /.*/, namespace: 'small-undici' }, () => ({
      contents: `export { default as Agent } from ${JSON.stringify(require.resolve('undici/lib/dispatcher/agent.js'))};`,
      resolveDir: root,
    }));
    bundle.onLoad({ filter: /undici\/lib\/llhttp\/llhttp-wasm\.js$/ }, () => ({
      contents: 'module.exports = undefined;',
    }));
  },
};

/**
 * npm installs two of these, for several users below mailparser: one version of iconv-lite twice, and two of entities, of
 * which the newer can do what the older could. All get the one that the named user has.
 */
const users: Readonly<Record<string, string>> = { 'iconv-lite': 'mailparser', entities: 'htmlparser2' };

const oneCopy: Plugin = {
  name: 'one-copy',
  setup(bundle) {
    const filter = new RegExp(`^(${Object.keys(users).join('|')})(/|$)`);
    bundle.onResolve({ filter }, async ({ path, kind, pluginData }) => {
      const [name = ''] = path.split('/');
      const user = users[name];
      if (pluginData === oneCopy || user === undefined) return undefined;
      const resolveDir = join(root, 'node_modules', user);
      return await bundle.resolve(path, { kind, resolveDir, pluginData: oneCopy });
    });
  },
};
