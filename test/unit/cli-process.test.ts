/** What only a process shows: pipes, colours, signals, standard input. A few, for each costs a start. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpy } from "../../runtime/files/npy.ts";
import { Tensor } from "../../runtime/tensor.ts";

const bin = join(import.meta.dirname, "..", "..", "bin", "einkorn.mjs");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-process-"));
  writeFileSync(join(folder, "twice.ein"), "kernel twice(x: f32[N]) -> y: f32[N] { y[i] = x[i] * 2.0; }\n");
  writeFileSync(join(folder, "outside.ein"), "kernel f(x: f32[N]) -> y: f32[N] { y[i] = x[i + 1]; }\n");
  writeFileSync(
    join(folder, "big.ein"),
    `kernel big<N: dim>(a: f32) -> total: f32, most: f32, place: i32 where N < 2**31 - 1 {
  total = sum[i in 0..N](a); let (v, p) = argmax[i in 0..N](a); most = v; place = p;
}
`,
  );
  // Far too many points for an interpreter to finish.
  writeFileSync(join(folder, "long.ein"), "kernel f(x: f32[N]) -> y: f32 { y = sum[i, j, k](x[i] * x[j] * x[k]); }\n");
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function einkorn(argv: readonly string[], options: { readonly input?: Uint8Array; readonly env?: object } = {}) {
  const env = { ...process.env, TMPDIR: folder, ...options.env };
  const ended = spawnSync(process.execPath, [bin, ...argv], { cwd: folder, env, input: options.input ?? "" });
  return { status: ended.status, stdout: String(ended.stdout), stderr: String(ended.stderr) };
}

test("a kernel in a pipe: the tensor from standard input, no colours", () => {
  const input = writeNpy(Tensor.from([1, 2]));
  const ended = einkorn(["run", "twice.ein", "--in", "x=-"], { input });
  expect(ended).toEqual({ status: 0, stdout: "y: f32[2] [2, 4]\n", stderr: "" });
  const wrong = einkorn(["check", "outside.ein"], { env: { FORCE_COLOR: undefined } });
  expect(wrong).toMatchObject({ status: 1, stdout: "" });
  expect(wrong.stderr).not.toContain("\u001B");
});

test("the reference keeps none of a reduction's points", () => {
  // A million of them, three times, would take several times the memory that there is.
  const env = { NODE_OPTIONS: "--max-old-space-size=48" };
  const ended = einkorn(["run", "big.ein", "--target", "interp", "--in", "a=0.1", "--dim", "N=1000000"], { env });
  expect(ended).toEqual({ status: 0, stdout: "total: f32 100000\nmost: f32 0.1\nplace: i32 0\n", stderr: "" });
});

test("a reader that leaves early is no error", async () => {
  const child = spawn(process.execPath, [bin, "explain", "twice.ein"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text) => (stderr += String(text)));
  child.stdout.destroy();
  await once(child, "close");
  expect(stderr).toBe("");
});

test("a signal ends it, and leaves nothing behind", async () => {
  const argv = ["run", "long.ein", "--target", "hls", "--in", "x=random", "--dim", "N=100000"];
  const child = spawn(process.execPath, [bin, ...argv], {
    cwd: folder,
    env: { ...process.env, TMPDIR: folder },
    detached: true,
  });
  const temporary = (): readonly string[] => readdirSync(folder).filter((f) => f.startsWith("einkorn-hls-"));
  const running = (): boolean => temporary().some((f) => readdirSync(join(folder, f)).some((g) => g.endsWith(".in")));
  const closed = once(child, "close");
  while (!running() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  // As a terminal does: to the whole group.
  if (child.pid === undefined) throw new Error("no process");
  process.kill(-child.pid, "SIGINT");
  const [code, signal] = await closed;
  expect([code, signal]).toEqual([130, null]);
  expect(temporary()).toEqual([]);
});

test("a signal ends tests, too, and leaves no half of a report", async () => {
  writeFileSync(
    join(folder, "test.ein"),
    "kernel f(x: f32[N]) -> y: f32[N] { y[i] = x[i] * 2.0; }\ntest f for all N in 0..99;\n",
  );
  const argv = ["test", "test.ein", "--target", "wasm", "--runs", "1000000", "--junit", "report.xml"];
  const child = spawn(process.execPath, [bin, ...argv], { cwd: folder, env: { ...process.env, TMPDIR: folder } });
  const closed = once(child, "close");
  const before = readdirSync(folder);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(child.exitCode).toBe(null);
  child.kill("SIGINT");
  const [code, signal] = await closed;
  // Where there is nothing to undo, the signal itself ends it, which shells count as 130.
  expect(signal ?? code).toBe(signal === null ? 130 : "SIGINT");
  expect(readdirSync(folder)).toEqual(before);
});
