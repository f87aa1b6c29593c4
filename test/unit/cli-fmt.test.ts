/** `einkorn fmt`: what it writes, what it leaves alone, and how it ends. */
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getuid } from "node:process";
import { afterEach, beforeEach, expect, it } from "vitest";
import { einkorn, faults } from "../support/cli.ts";

const UGLY = "kernel  f(x:f32[N])->y:f32[N]{\r\n\r\n y[i]=x[i] ; // one\r\n}\r\n";
const FORMATTED = "kernel f(x: f32[N]) -> y: f32[N] {\n  y[i] = x[i]; // one\n}\n";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-fmt-"));
  file = join(folder, "a.ein");
  writeFileSync(file, UGLY);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it("writes the form, once", async () => {
  expect(await einkorn("fmt", file)).toEqual({ exit: 0, stdout: "", stderr: "formatted 1 file\n" });
  expect(readFileSync(file, "utf8")).toBe(FORMATTED);
  utimesSync(file, 1000, 1000);
  const before = statSync(file);
  expect(await einkorn("fmt", file)).toEqual({ exit: 0, stdout: "", stderr: "" });
  expect(statSync(file)).toMatchObject({ ino: before.ino, mtimeMs: 1_000_000 });
  expect(readdirSync(folder)).toEqual(["a.ein"]);
});

it("--check lists and does not write", async () => {
  const good = join(folder, "good.ein");
  writeFileSync(good, FORMATTED);
  expect(await einkorn("fmt", "--check", file, good)).toEqual({ exit: 1, stdout: `${file}\n`, stderr: "" });
  expect(readFileSync(file, "utf8")).toBe(UGLY);
  expect(await einkorn("fmt", "--check", good)).toMatchObject({ exit: 0, stdout: "" });
  const { stdout } = await einkorn("fmt", "--check", file, good, "--json");
  const document = JSON.parse(stdout);
  expect(faults("fmt", document)).toBe("");
  expect(document).toMatchObject({ ok: false, result: [{ verdict: "changed" }, { verdict: "unchanged" }] });
});

it("a mistake in one file: it stays, the others are formatted", async () => {
  const broken = join(folder, "broken.ein");
  writeFileSync(broken, "kernel f(\n");
  const { exit, stderr } = await einkorn("fmt", broken, file);
  expect(exit).toBe(1);
  expect(stderr).toContain("E1022");
  expect(readFileSync(broken, "utf8")).toBe("kernel f(\n");
  expect(readFileSync(file, "utf8")).toBe(FORMATTED);
});

it("permissions and links stay", async () => {
  chmodSync(file, 0o646);
  const link = join(folder, "link.ein");
  symlinkSync("a.ein", link);
  expect(await einkorn("fmt", link)).toMatchObject({ exit: 0 });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, "utf8")).toBe(FORMATTED);
  expect(statSync(file).mode & 0o777).toBe(0o646);
});

it("a read-only file stays", async (context) => {
  if (getuid?.() === 0) context.skip("root may write everything");
  chmodSync(file, 0o444);
  expect(await einkorn("fmt", file)).toMatchObject({ exit: 2 });
  expect(readFileSync(file, "utf8")).toBe(UGLY);
});

it.each([
  ["no such file", "none.ein", null, "E6102", 2],
  ["another kind of file", "notes.md", "# a", "E6402", 2],
  ["text that is not UTF-8", "latin.ein", new Uint8Array([0x2f, 0x2f, 0xe4, 0x0a]), "E6102", 2],
  ["a circle of links", "loop.ein", "link", "E6102", 2],
])("%s is refused", async (_what, name, content, code, exit) => {
  const path = join(folder, name);
  if (content === "link") symlinkSync(name, path);
  else if (content !== null) writeFileSync(path, content);
  const ended = await einkorn("fmt", path);
  expect(ended).toMatchObject({ exit, stdout: "" });
  expect(ended.stderr).toContain(code);
  if (content instanceof Uint8Array) expect(new Uint8Array(readFileSync(path))).toEqual(content);
});
