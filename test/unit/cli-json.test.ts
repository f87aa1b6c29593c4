/** `--json` of every command is what the committed schemas say, for results and for refusals. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COMMANDS } from "../../runtime/cli/commands.ts";
import { einkorn, faults, schemaOf, SCHEMA_NAMES } from "../support/cli.ts";

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-json-"));
  file = join(folder, "a.ein");
  writeFileSync(
    file,
    `export kernel scale(x: f32[N], n: i64) -> y: f32[N], m: i64 { y[i] = x[i] / 0.0; m = n; }
kernel repeat<k: int>(x: f32[N]) -> y: f32[k, N] where k >= 1 { y[j, i] = x[i]; }\n`,
  );
  writeFileSync(join(folder, "wrong.ein"), "kernel f(x: f32[N]) -> y: f32[N] { y[i] = x[i + 1]; }\n");
  writeFileSync(join(folder, "broken.ein"), "kernel f(\n");
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Command lines whose results are worth a look, `@` for the folder. */
const LINES: readonly string[] = [
  "check @/a.ein",
  "check @/a.ein @/wrong.ein @/broken.ein @/nothing.ein",
  "run @/a.ein --target interp --in x=zeros --in n=9007199254740993 --dim N=3",
  "run @/a.ein --target interp --in x=random --in n=1 --dim N=3 --time --out y=@/y.npy",
  "run @/a.ein --in x=random",
  "build @/a.ein --target wasm -o @/out",
  "build @/a.ein --target wasn -o @/out",
  "explain @/a.ein",
  "explain @/a.ein --after select",
  "explain @/a.ein --after parse",
  "explain @/a.ein --diff prove simplify",
  "conformance @/a.ein --target interp,wasm",
  "fmt @/a.ein @/broken.ein @/nothing.ein",
  "new @/project",
  "new @/Project",
  "targets",
];

test.each(LINES)("%s", async (line) => {
  const argv = line.replaceAll("@", folder).split(" ");
  const { exit, stdout } = await einkorn(...argv, "--json");
  const document = JSON.parse(stdout);
  expect(faults(argv[0] ?? "", document)).toBe("");
  expect(faults("report", document)).toBe("");
  expect(document.ok).toBe(exit === 0);
  expect(document.diagnostics.some((d: { severity: string }) => d.severity === "error")).toBe(exit !== 0);
});

test("a command line that names no command", async () => {
  const { exit, stdout } = await einkorn("chekc", file, "--json");
  expect(exit).toBe(2);
  const document = JSON.parse(stdout);
  expect(faults("report", document)).toBe("");
  expect(document).toMatchObject({ command: null, ok: false, diagnostics: [{ code: "E6401" }], result: null });
});

test("numbers that JSON has not", async () => {
  const line = `run ${file} --target interp --in x=zeros --in n=9007199254740993 --dim N=2 --json`;
  const { stdout } = await einkorn(...line.split(" "));
  const [y, m] = JSON.parse(stdout).result.outputs;
  expect(y.values).toEqual(["NaN", "NaN"]);
  expect(m.values).toBe("9007199254740993");
});

test("every command has its schema, and a schema refuses something", () => {
  expect(SCHEMA_NAMES.toSorted()).toEqual([...COMMANDS.map((c) => c.name), "report"].toSorted());
  for (const name of SCHEMA_NAMES) {
    expect(schemaOf(name)({ schema: 1 })).toBe(false);
    const extra = { schema: 1, command: name, ok: true, diagnostics: [], result: null, more: 1 };
    expect(schemaOf(name)(extra)).toBe(false);
  }
});
