/**
 * Ctrl-C at many moments of every command that computes or writes: it ends as interrupted (130, or by the signal itself,
 * which shells count as 130) or was over before; files are there whole or not at all, and neither temporary files nor
 * children are left. The moments are parts of the time that the command takes here, the writing of its files among them.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const bin = join(import.meta.dirname, "..", "..", "bin", "einkorn.mjs");
let base = "";

const PROGRAM = `export kernel two(x: f32[N]) -> y: f32[N], z: f32[N] { let s[i] = exp(x[i]); y[i] = s[i] * 2.0; z[i] = sum[j](s[j] * x[i]); }
export kernel dot(a: f32[N], b: f32[N]) -> c: f32 { c = sum[i](a[i] * b[i]); }
test two for all N in 0..9;
test dot for all N in 0..99;
`;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "einkorn-interrupt-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  run: ["run", "p.ein:two", "--in", "x=random", "--dim", "N=3000", "--out-dir", "out"],
  "run on hls": ["run", "p.ein:two", "--target", "hls", "--in", "x=random", "--dim", "N=3000", "--out", "all.npz"],
  build: ["build", "p.ein", "--target", "wasm,wgsl,hls", "--dim", "N=40", "-o", "out"],
  test: ["test", "p.ein", "--target", "wasm", "--runs", "40", "--junit", "report.xml"],
  conformance: ["conformance", "p.ein", "--target", "wasm,hls"],
  demo: ["demo", "--target", "wasm", "--out", "out"],
};

type Run = { readonly code: number | null; readonly signal: string | null; readonly milliseconds: number };

/** Runs the command in a new folder; `delay` milliseconds later comes the signal. */
async function interrupted(argv: readonly string[], folder: string, delay: number | null): Promise<Run> {
  mkdirSync(join(folder, "tmp"), { recursive: true });
  writeFileSync(join(folder, "p.ein"), PROGRAM);
  const started = performance.now();
  const env = { ...process.env, TMPDIR: join(folder, "tmp") };
  // A group of its own, as a shell makes for what a terminal interrupts.
  const child = spawn(process.execPath, [bin, ...argv], { cwd: folder, env, stdio: "ignore", detached: true });
  const ended = once(child, "exit");
  if (delay !== null) {
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, delay))]);
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGINT");
  }
  await ended;
  const { exitCode: code, signalCode: signal, pid } = child;
  const milliseconds = performance.now() - started;
  // Nobody of the group is left.
  if (pid !== undefined) {
    await expect.poll(() => isAlive(-pid), { timeout: 3000, message: "a child of the command is left" }).toBe(false);
  }
  return { code, signal, milliseconds };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Files by path, as what they hold; what differs from run to run (times) is left out. */
function files(folder: string): ReadonlyMap<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  return new Map(
    found.map((e) => {
      const path = join(e.parentPath, e.name);
      return [path.slice(folder.length), readFileSync(path, "latin1").replaceAll(/time="[^"]*"/g, "")];
    }),
  );
}

describe.each(Object.entries(COMMANDS))("%s", (name, argv) => {
  test("at many moments", async () => {
    const whole = join(base, `${name} whole`);
    const { code, milliseconds } = await interrupted(argv, whole, null);
    // Without a C compiler the part for it is refused (3), which may be interrupted like the rest.
    expect([0, 3]).toContain(code);
    const wanted = files(whole);
    let stopped = 0;
    for (const part of [0.1, 0.4, 0.6, 0.75, 0.85, 0.92, 0.97, 1]) {
      const folder = join(base, `${name} ${part}`);
      const run = await interrupted(argv, folder, part * milliseconds);
      const isStopped = run.signal === "SIGINT" || run.code === 130;
      if (isStopped) stopped++;
      else expect(run.code, `after ${part} of the time`).toBe(code);
      const left = files(folder);
      for (const [path, content] of left) {
        expect(path).not.toMatch(/\.tmp$|^\/tmp\/einkorn/);
        expect(content === wanted.get(path), `${path} is whole`).toBe(true);
      }
      expect(readdirSync(join(folder, "tmp")).filter((f) => f.startsWith("einkorn"))).toEqual([]);
      if (!isStopped) expect(left.size).toBe(wanted.size);
    }
    expect(stopped).toBeGreaterThan(0);
  });
});
