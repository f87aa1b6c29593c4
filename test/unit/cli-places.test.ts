/**
 * Output into every kind of place, by every command that writes: folders that are missing, things in the way, read-only
 * files, links that lead somewhere, nowhere or in a circle, `..`, names that are too long. Either all files are there, whole,
 * or everything is as it was, with the code and exit code of a file that cannot be written; no temporary file is left.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { einkorn } from "../support/cli.ts";

let folder = mkdtempSync(join(tmpdir(), "einkorn-places-"));
const at = (...names: string[]): string => join(folder, ...names);
/** For whom nothing is read-only. */
const isRoot = process.getuid?.() === 0;

const PROGRAM = `export kernel two(x: f32[N]) -> y: f32[N], z: f32[N] { let s[i] = x[i] + 1.0; y[i] = s[i] * 2.0; z[i] = s[i]; }
test two for all N in 0..3;
`;

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  folder = mkdtempSync(join(tmpdir(), "einkorn-places-"));
  writeFileSync(at("p.ein"), PROGRAM);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every path below the folder, with what it holds. */
function tree(path = folder): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(path, { withFileTypes: true }).flatMap((entry): [string, string][] => {
      const name = join(path, entry.name);
      if (entry.isSymbolicLink()) return [[name, `-> ${readlinkSync(name)}`]];
      return entry.isDirectory()
        ? [[name, "folder"], ...Object.entries(tree(name))]
        : [[name, readFileSync(name, "latin1")]];
    }),
  );
}

const RUN = ["--in", "x=1", "--dim", "N=2"];
/** Commands that write to the place `@`; a suffix of files is theirs. */
const COMMANDS: Readonly<Record<string, { readonly line: readonly string[]; readonly kind: "file" | "folder" }>> = {
  "run --out": { line: ["run", "p.ein", ...RUN, "--out", "y=@.npy"], kind: "file" },
  "run --out of all": { line: ["run", "p.ein", ...RUN, "--out", "@.npz"], kind: "file" },
  "run --out of two": { line: ["run", "p.ein", ...RUN, "--out", "z=fine/z.npy", "--out", "y=@.npy"], kind: "file" },
  "run --dump": { line: ["run", "p.ein", ...RUN, "--out", "z=fine/z.npy", "--dump", "s=@.npy"], kind: "file" },
  "run --out-dir": { line: ["run", "p.ein", ...RUN, "--out-dir", "@"], kind: "folder" },
  "build -o": { line: ["build", "p.ein", "--target", "wasm,wgsl", "-o", "@"], kind: "folder" },
  "test --junit": { line: ["test", "p.ein", "--target", "interp", "--runs", "2", "--junit", "@.xml"], kind: "file" },
};

async function write(command: string, place: string) {
  const { line = [] } = COMMANDS[command] ?? {};
  const words = line.map((word) => {
    const [, name = "", path = ""] = /^(\w+=)?([^=]*)$/.exec(word) ?? [];
    const isPath = path.includes("@") || /\.(?:ein|npy)$/.test(path);
    if (!isPath) return word;
    return (
      name + (place.startsWith("/") && path.includes("@") ? path.replace("@", place) : at(path.replace("@", place)))
    );
  });
  return einkorn(...words);
}

const extension = (command: string): string => /@(\.\w+)/.exec(COMMANDS[command]?.line.join(" ") ?? "")?.[1] ?? "";

async function expectRefused(command: string, place: string): Promise<void> {
  const before = tree();
  const ended = await write(command, place);
  expect([ended.exit, /error\[(E\d+)\]/.exec(ended.stderr)?.[1]]).toEqual([2, "E6103"]);
  expect(ended.stderr).not.toMatch(/\n\s+at |node:internal/);
  expect(tree()).toEqual(before);
}

describe.each(Object.keys(COMMANDS))("%s", (command) => {
  const kind = COMMANDS[command]?.kind;

  test("into folders that are missing", async () => {
    if (command === "test --junit") return expectRefused(command, "no/such/place");
    const { exit } = await write(command, "no/such/place");
    expect(exit).toBe(0);
    expect(Object.keys(tree()).filter((p) => p.endsWith(".tmp"))).toEqual([]);
  });

  test("where a file is in the way of a folder", async () => {
    writeFileSync(at("file"), "kept");
    await expectRefused(command, "file/below");
  });

  test("where a folder is in the way of a file", async () => {
    mkdirSync(at("sub", kind === "file" ? "" : "."), { recursive: true });
    const inside = command === "build -o" ? "wgsl/two/two.mjs" : "z.npy";
    mkdirSync(kind === "file" ? at(`there${extension(command)}`) : at("there", inside), { recursive: true });
    await expectRefused(command, "there");
  });

  test("through links: to a place, to nothing, in a circle", async () => {
    mkdirSync(at("real"));
    symlinkSync(at("real"), at("link"));
    expect((await write(command, "link/out")).exit).toBe(0);
    expect(lstatSync(at("link")).isSymbolicLink()).toBe(true);
    symlinkSync(at("round"), at("round"));
    await expectRefused(command, "round/out");
    symlinkSync(at("nowhere/at/all"), at("dangling"));
    await expectRefused(command, "dangling/out");
  });

  test("above the folder, by ..", async () => {
    mkdirSync(at("sub"));
    expect((await write(command, "sub/../up")).exit).toBe(0);
    expect(Object.keys(tree()).some((p) => p.startsWith(at("up")))).toBe(true);
    expect(readdirSync(at("sub"))).toEqual([]);
  });

  test("under a name that is too long, and where nothing can be made", async () => {
    await expectRefused(command, "x".repeat(300));
    await expectRefused(command, "/proc/einkorn/out");
  });

  test("over what is there: replaced, with its permissions", async () => {
    expect((await write(command, "out")).exit).toBe(0);
    const first = tree();
    expect((await write(command, "out")).exit).toBe(0);
    expect(Object.keys(tree())).toEqual(Object.keys(first));
  });

  test("over what is read-only", async (context) => {
    if (isRoot) context.skip("root may write everything");
    expect((await write(command, "out")).exit).toBe(0);
    const last = Object.keys(tree()).findLast((p) => p.startsWith(at("out")) && !lstatSync(p).isDirectory()) ?? "";
    chmodSync(last, 0o444);
    await expectRefused(command, "out");
  });
});

test("two files in one place are refused", async () => {
  const before = tree();
  const ended = await einkorn("run", at("p.ein"), ...RUN, "--out", `y=${at("a.npy")}`, "--out", `z=${folder}/./a.npy`);
  expect([ended.exit, /E\d+/.exec(ended.stderr)?.[0]]).toEqual([2, "E6402"]);
  expect(tree()).toEqual(before);
});

test.each([
  ["in case only", "a", "A", /one folder/],
  ["from nothing that Windows can write", "con", "x", /a device/],
  ["too long for a file", "q".repeat(230), "x", /at most 200/],
])("kernels whose names differ %s are not built", async (_, one, other, words) => {
  writeFileSync(
    at("names.ein"),
    [one, other].map((name) => `export kernel ${name}(x: f32[N]) -> y: f32[N] { y[i] = x[i]; }\n`).join(""),
  );
  const before = tree();
  const ended = await einkorn("build", at("names.ein"), "-o", at("out"));
  expect([ended.exit, /E\d+/.exec(ended.stderr)?.[0]]).toEqual([2, "E6402"]);
  expect(ended.stderr).toMatch(words);
  expect(tree()).toEqual(before);
});

test("names of objects' own properties are built like others", async () => {
  for (const name of ["__proto__", "constructor", "toString", "Makefile", "manifest"]) {
    writeFileSync(at("name.ein"), `kernel ${name}(${name}: f32[N]) -> y: f32[N] { y[i] = ${name}[i]; }`);
    expect((await einkorn("build", at("name.ein"), "-o", at("out"))).exit).toBe(0);
    expect(readdirSync(at("out", "wasm", name))).toContain(`${name}.mjs`);
  }
});

describe("fmt", () => {
  const crooked = "fn  f( x:f32 )->f32=x;\n";

  test("through a link and by ..; the link stays", async () => {
    mkdirSync(at("real"));
    writeFileSync(at("real", "f.ein"), crooked);
    symlinkSync(at("real", "f.ein"), at("link.ein"));
    expect((await einkorn("fmt", at("real", "..", "link.ein"))).exit).toBe(0);
    expect(lstatSync(at("link.ein")).isSymbolicLink()).toBe(true);
    expect(readFileSync(at("real", "f.ein"), "utf8")).toBe("fn f(x: f32) -> f32 = x;\n");
  });

  test("of a read-only file", async (context) => {
    if (isRoot) context.skip("root may write everything");
    writeFileSync(at("f.ein"), crooked);
    chmodSync(at("f.ein"), 0o444);
    const before = tree();
    const ended = await einkorn("fmt", at("f.ein"));
    expect([ended.exit, /E\d+/.exec(ended.stderr)?.[0]]).toEqual([2, "E6103"]);
    expect(tree()).toEqual(before);
  });

  test("of what is no text, missing, or a folder", async () => {
    mkdirSync(at("dir.ein"));
    writeFileSync(at("bytes.ein"), Uint8Array.of(0xff, 0xfe, 0));
    const before = tree();
    for (const name of ["dir.ein", "bytes.ein", "none.ein"]) {
      const ended = await einkorn("fmt", at(name));
      expect([ended.exit, /E\d+/.exec(ended.stderr)?.[0]]).toEqual([2, "E6102"]);
    }
    expect(tree()).toEqual(before);
  });
});

describe("new", () => {
  test.each([
    ["what is there", "there"],
    ["a link to nothing", "dangling"],
    ["a missing folder", "no/such/place"],
    ["below a file", "p.ein/below"],
    ["a place where nothing can be made", "/proc/kernels"],
  ])("into %s", async (_, place) => {
    mkdirSync(at("there"));
    symlinkSync(at("nothing"), at("dangling"));
    const before = tree();
    const ended = await einkorn("new", place.startsWith("/") ? place : at(place));
    expect([ended.exit, /E\d+/.exec(ended.stderr)?.[0]]).toEqual([2, "E6103"]);
    expect(tree()).toEqual(before);
  });
});
