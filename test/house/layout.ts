/**
 * The layout of the house as data: which rooms there are, on which floor, and through which door a third-party library
 * comes in. docs/architecture.md says the same in sentences; rules.ts asserts it.
 */

/**
 * From the ground up. A file may import its own room and every lower floor; rooms on one floor never meet. A room is a
 * folder with all below it, `folder/*` is each folder in it as a room of its own, and a file is a room by itself.
 */
export const FLOORS: readonly (readonly string[])[] = [
  ["compiler/support"],
  ["compiler/ir"],
  ["compiler/analysis"],
  // What targets and passes fill in; they stand above, so that neither knows who calls them.
  ["compiler/target.ts"],
  ["compiler/pass.ts"],
  ["compiler/lang", "compiler/schedule", "compiler/passes", "compiler/quantize", "compiler/autodiff"],
  ["compiler/pipeline.ts"],
  ["compiler/compile.ts"],
  ["compiler/index.ts"],
  ["targets/shared"],
  ["targets/*"],
  ["targets/registry.ts"],
  ["runtime"],
  ["runtime/cli"],
  ["bench", "dsl-examples"],
  ["test"],
];

/** Where a package may be imported; whatever is not listed has no door. Tests and benchmarks may open any of them. */
export const DOORS: Readonly<Record<string, readonly string[]>> = {
  "@petamoriken/float16": ["compiler/ir/"],
  binaryen: ["targets/wasm/"],
  chevrotain: ["compiler/lang/"],
  commander: ["runtime/cli/"],
  fflate: ["runtime/"],
  picocolors: ["runtime/cli/"],
  webgpu: ["runtime/devices/"],
};

/** Rooms that may use the packages above without a door of their own, and the test tools besides. */
export const DOORLESS_ROOMS: readonly string[] = ["bench", "test"];

/** The only places that touch the machine through Node's own modules. */
export const NODE_ROOMS: readonly string[] = [
  "runtime/node/",
  "runtime/cli/",
  "test/",
  "bench/",
  "bin/",
  "dsl-examples/digits/digits.ts",
];

/** Names of the world outside, which the compiler and the printers never mention: they run in a browser tab and in Node alike. */
export const WORLDLY_GLOBALS: ReadonlySet<string> = new Set([
  "Buffer",
  "console",
  "document",
  "eval",
  "fetch",
  "Function",
  "globalThis",
  "localStorage",
  "navigator",
  "process",
  "require",
  "self",
  "window",
]);

/** Longer files say in their header `Long because …`. */
export const LONG_FILE = 400;
