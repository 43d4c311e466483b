/**
 * Ends every test run with one line, `N passed, N failed, N skipped`, which .ci/run and people read.
 * A test file that could not even be loaded counts as a failure.
 */
import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const unloaded = modules.filter((module) => module.state() === 'failed' && module.children.size === 0).length;
    const [passed, failed] = [count('passed'), count('failed') + unloaded];
    console.log(`${passed} passed, ${failed} failed, ${tests.length - passed - count('failed')} skipped`);
  }
}
