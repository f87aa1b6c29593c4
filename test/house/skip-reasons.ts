/**
 * A vitest reporter that says at the end of a run what did not run and why: a test that needs a device skips with
 * `context.skip("no C compiler: …")`, and vitest itself keeps that sentence to itself.
 */
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** Prints one line per reason, with the tests that it kept from running. */
export const skipReasons: Reporter = {
  onTestRunEnd(modules) {
    for (const [reason, names] of namesByReason(modules)) {
      console.log(`skipped ${names.length}: ${reason}`);
      for (const name of names.slice(0, 5)) console.log(`  ${name}`);
      if (names.length > 5) console.log(`  … and ${names.length - 5} more`);
    }
  },
};

function namesByReason(modules: readonly TestModule[]): ReadonlyMap<string, readonly string[]> {
  const byReason = new Map<string, string[]>();
  for (const module of modules) {
    for (const test of module.children.allTests("skipped")) {
      const reason = reasonOf(test);
      // After a failed hook vitest skips the rest of its file; the failure is the reason, and it is printed already.
      if (reason === undefined && module.state() === "failed") continue;
      const names = byReason.get(reason ?? NO_REASON) ?? [];
      byReason.set(reason ?? NO_REASON, [...names, `${module.relativeModuleId} > ${test.fullName}`]);
    }
  }
  return byReason;
}

const NO_REASON = 'no reason given; write context.skip("why")';

function reasonOf(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === "skipped" ? result.note : undefined;
}
