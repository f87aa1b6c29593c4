/**
 * The standard library says what it is: each export has a comment, each exported kernel a test of its own, and each
 * exported function and reducer a use that a test reaches. Its files are in the one form, and without warnings.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Declaration } from "../../compiler/lang/ast.ts";
import { formatSource } from "../../compiler/lang/format/format.ts";
import { parse } from "../../compiler/lang/parse.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { check } from "../../runtime/cli/check.ts";

const STD = join(import.meta.dirname, "..", "..", "std");
const FILES = readdirSync(STD).filter((name) => name.endsWith(".ein"));

type Exported = Extract<Declaration, { exported: boolean }>;

const isExported = (d: Declaration): d is Exported => "exported" in d && d.exported;

test("there is one", () => {
  expect(FILES).toEqual(expect.arrayContaining(["loss.ein", "metrics.ein", "nn.ein", "optim.ein"]));
});

describe.each(FILES)("%s", (name) => {
  const source = makeSource(name, readFileSync(join(STD, name), "utf8"));
  const program = parse(source, new Diagnostics());
  const exported = program.declarations.filter(isExported);
  const tested = new Set(program.declarations.flatMap((d) => (d.kind === "test" ? [d.kernel.text] : [])));
  const textOf = (d: Declaration): string => source.text.slice(d.span.start, d.span.end);

  test("opens by saying what it holds", () => {
    expect(source.text).toMatch(/^\/\/ .{40}/);
  });

  test("each export has a comment", () => {
    expect(exported.length).toBeGreaterThan(0);
    expect(exported.filter((d) => (d.doc ?? "").length < 40).map((d) => d.name.text)).toEqual([]);
  });

  test("each exported kernel has a test", () => {
    const kernels = exported.filter((d) => d.kind === "kernel").map((d) => d.name.text);
    expect(kernels.filter((kernel) => !tested.has(kernel))).toEqual([]);
  });

  test("what else is exported is used by a tested kernel", () => {
    const bodies = program.declarations.filter((d) => d.kind === "kernel" && tested.has(d.name.text)).map(textOf);
    const others = exported.filter((d) => d.kind !== "kernel").map((d) => d.name.text);
    const unused = others.filter((other) => !bodies.some((body) => new RegExp(`\\b${other}[[(]`).test(body)));
    expect(unused).toEqual([]);
  });

  test("is formatted", () => {
    expect(formatSource(source, new Diagnostics())).toBe(source.text);
  });

  test("is right, without a warning", async () => {
    expect((await check([join(STD, name)])).diagnostics).toEqual([]);
  });
});
