/**
 * Reading and writing real files in a temporary folder: limits, links, what is left after a failure, and what the user
 * is told (E6102 to E6104).
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder, readFileBytes, writeFileBytes } from "../../runtime/node/files.ts";
import { rejection } from "../support/refusal.ts";

let folder = "";
const at = (...names: string[]): string => join(folder, ...names);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-files-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("readFileBytes", () => {
  it("reads a whole file, an empty one, and a device", async () => {
    writeFileSync(at("a.npy"), "hello");
    writeFileSync(at("empty"), "");
    expect(new TextDecoder().decode(await readFileBytes(at("a.npy"), 5))).toBe("hello");
    expect(await readFileBytes(at("empty"))).toHaveLength(0);
    expect(await readFileBytes("/dev/null")).toHaveLength(0);
  });

  it("says why a file cannot be read (E6102)", async () => {
    writeFileSync(at("images.npy"), "x");
    const missing = await rejection(readFileBytes(at("image.npy")));
    expect([missing.code, missing.message]).toEqual([
      "E6102",
      `${at("image.npy")} cannot be read: there is no such file or folder`,
    ]);
    expect(missing.help).toEqual([`read ${at("images.npy")}`]);
    expect((await rejection(readFileBytes(at("nowhere", "x.npy")))).help).toEqual([]);
    expect((await rejection(readFileBytes(folder))).message).toBe(`${folder} is a folder, not a file`);
    expect((await rejection(readFileBytes(at("images.npy", "x")))).message).toContain(
      "a part of the path is no folder",
    );
    expect((await rejection(readFileBytes(`${folder}/\0`))).code).toBe("E6102");
  });

  it("stops at the limit (E6104), also where there is no size to ask for", async () => {
    writeFileSync(at("long"), new Uint8Array(1000));
    const long = await rejection(readFileBytes(at("long"), 999));
    expect([long.code, long.message]).toEqual(["E6104", `${at("long")} has 1000 bytes or more; the limit is 999`]);
    expect((await rejection(readFileBytes("/dev/zero", 100_000))).code).toBe("E6104");
  });

  it("reads standard input for -", () => {
    const module = new URL("../../runtime/node/files.ts", import.meta.url).href;
    const program = `const { readFileBytes } = await import(${JSON.stringify(module)}); console.log((await readFileBytes("-", 4)).length);`;
    const run = (input: string): string =>
      spawnSync(execPath, ["--input-type=module", "--eval", program], { input, encoding: "utf8" }).stdout;
    expect(run("abcd")).toBe("4\n");
    expect(run("")).toBe("0\n");
  });
});

describe("writeFileBytes", () => {
  it("writes text and bytes, replaces files, keeps their permissions, and leaves nothing beside them", async () => {
    await makeFolder(at("out", "deep"));
    const path = at("out", "deep", "y.npy");
    await writeFileBytes(path, "one");
    chmodSync(path, 0o640);
    await writeFileBytes(path, Uint8Array.of(1, 2, 3));
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(at("out", "deep"))).toEqual(["y.npy"]);
  });

  it("follows a link, and writes to a device in place", async () => {
    writeFileSync(at("real"), "old");
    symlinkSync(at("real"), at("link"));
    await writeFileBytes(at("link"), "new");
    expect(readFileSync(at("real"), "utf8")).toBe("new");
    expect(
      readdirSync(folder, { withFileTypes: true })
        .find((entry) => entry.name === "link")
        ?.isSymbolicLink(),
    ).toBe(true);
    await writeFileBytes("/dev/null", "gone");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("says why a file cannot be written (E6103), and leaves what there was", async () => {
    const missing = await rejection(writeFileBytes(at("no", "y.npy"), "x"));
    expect([missing.code, missing.message]).toEqual([
      "E6103",
      `${at("no", "y.npy")} cannot be written: there is no such file or folder`,
    ]);
    mkdirSync(at("sub"));
    expect((await rejection(writeFileBytes(at("sub"), "x"))).message).toBe(`${at("sub")} is a folder, not a file`);
    expect((await rejection(writeFileBytes(at("x".repeat(300)), "x"))).message).toContain("the name is too long");
    expect((await rejection(makeFolder(at("a.npy", "sub")))).code).toBe("E6103");
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
