/**
 * Stops a script that does not run on the Node.js of this project.
 * npm drops an optional dependency that it cannot install without an error; then the Node of the machine would take
 * its place in PATH, silently.
 */
if (!process.version.startsWith('v24.')) {
  console.error(`Node 24 is needed here, this is ${process.version}: run "npm ci" again without --omit=optional`);
  process.exitCode = 1;
}
