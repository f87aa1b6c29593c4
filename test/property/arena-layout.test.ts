/**
 * Where scratch buffers lie: those that live in a common launch never meet, for random lifetimes and for random kernels; the
 * wrappers of builds lay out as the library does; and the arena is hardly larger than what must live in it at once.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { proveKernelOf } from "../../compiler/compile.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { lifetimesOf } from "../../compiler/passes/machine/plan-memory.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { known } from "../../compiler/support/invariant.ts";
import { openProgram } from "../../runtime/cli/program-file.ts";
import { abiOf } from "../../targets/shared/abi.ts";
import type { ArenaBlock, ArenaLayout } from "../../targets/shared/arena-layout.ts";
import {
  alignedSize,
  bufferBytes,
  layoutArena,
  MOST_BY_SIZE,
  placeBlocks,
  SPARE_BYTES,
} from "../../targets/shared/arena-layout.ts";
import { PLACE_BLOCKS } from "../../targets/shared/wrapper-arena.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import { wgslTarget } from "../../targets/wgsl/target.ts";
import { drawSizes, isLegal } from "../support/random-call.ts";
import { Random } from "../support/random-goals.ts";
import { randomKernel } from "../support/random-kernel.ts";
import { readKernel } from "../support/read-kernel.ts";

const root = join(import.meta.dirname, "..", "..");
const wasm = wasmTarget({ relaxed: false });

function drawBlocks(seed: number): readonly ArenaBlock[] {
  const random = new Random(seed);
  const launches = random.int(1, 40);
  const longest = random.int(1, launches + 1);
  const largest = random.int(1, 3) === 1 ? 100_000 : 500;
  return Array.from({ length: random.int(0, 60) }, () => {
    const first = random.int(0, launches);
    const last = Math.min(launches - 1, first + random.int(0, longest));
    return { first, last, bytes: alignedSize(random.int(0, largest)) };
  });
}

/** The bytes that live in the fullest launch. */
function largestLiveSet(blocks: readonly ArenaBlock[]): number {
  const launches = new Set(blocks.map((b) => b.first));
  return Math.max(
    0,
    ...[...launches].map((n) => blocks.reduce((sum, b) => (b.first <= n && n <= b.last ? sum + b.bytes : sum), 0)),
  );
}

/** Pairs that live in a common launch and meet. */
function meetings(blocks: readonly ArenaBlock[], { offsets }: ArenaLayout): readonly string[] {
  const placed = blocks.map((b, n) => ({ ...b, n, at: known(offsets[n], "an offset") }));
  return placed.flatMap((a) =>
    placed
      .filter((b) => a.n < b.n && a.first <= b.last && b.first <= a.last)
      .filter((b) => a.at < b.at + b.bytes && b.at < a.at + a.bytes)
      .map((b) => `${JSON.stringify(a)} and ${JSON.stringify(b)}`),
  );
}

test("blocks that live in a common launch never meet, and none lies outside", () => {
  let [sum, least] = [0, 0];
  for (let seed = 1; seed <= 1500; seed++) {
    const blocks = drawBlocks(seed);
    const layout = placeBlocks(blocks);
    expect(meetings(blocks, layout), `seed ${seed}`).toEqual([]);
    expect(layout.bytes).toBe(Math.max(0, ...blocks.map((b, n) => b.bytes + known(layout.offsets[n], "an offset"))));
    expect(layout.offsets.every((o) => o >= 0 && o % 64 === 0)).toBe(true);
    [sum, least] = [sum + layout.bytes, least + largestLiveSet(blocks)];
  }
  expect(sum / least, "arenas over largest live sets").toBeLessThan(1.1);
});

test("many blocks take little time, and the dead make room", () => {
  const count = 20 * MOST_BY_SIZE;
  const chain = Array.from({ length: count }, (_, n) => ({ first: n, last: n + 1, bytes: 64 * (1 + (n % 5)) }));
  const started = performance.now();
  const layout = placeBlocks(chain);
  expect(performance.now() - started).toBeLessThan(3000);
  expect(layout.bytes).toBeLessThanOrEqual(1.5 * largestLiveSet(chain.slice(0, 10)));
  const few = chain.slice(0, MOST_BY_SIZE + 1);
  expect(meetings(few, placeBlocks(few))).toEqual([]);
});

test("the wrappers of builds lay out as the library does", async () => {
  const text = `${PLACE_BLOCKS}export { alignedSize, placeBlocks };`;
  const wrapper: unknown = await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`);
  if (!isLayout(wrapper)) throw new Error("the module exports its functions");
  for (let bytes = 0; bytes < 200; bytes++) expect(wrapper.alignedSize(bytes)).toBe(alignedSize(bytes));
  for (let seed = 1; seed <= 1500; seed++) {
    const blocks = drawBlocks(seed);
    expect(wrapper.placeBlocks(blocks), `seed ${seed}`).toEqual(placeBlocks(blocks));
  }
  const many = Array.from({ length: MOST_BY_SIZE + 1 }, (_, n) => ({
    first: (n * 7) % 100,
    last: ((n * 7) % 100) + (n % 9),
    bytes: 64 * (1 + (n % 13)),
  }));
  expect(wrapper.placeBlocks(many)).toEqual(placeBlocks(many));
});

type Layout = {
  readonly alignedSize: (bytes: number) => number;
  readonly placeBlocks: (blocks: readonly ArenaBlock[]) => ArenaLayout;
};

function isLayout(x: unknown): x is Layout {
  return typeof x === "object" && x !== null && "alignedSize" in x && "placeBlocks" in x;
}

type Sizes = { readonly arena: number; readonly live: number };

/** Checks the arena against what the finished code reads and writes, not against what was planned; bytes. */
function checkArena(kernel: Kernel, target: typeof wasm, dims: ReadonlyMap<string, bigint>, what: string): Sizes {
  const program = lowerToMachine(kernel, target);
  const lifetimes = lifetimesOf(program);
  const abi = abiOf(program);
  const layout = layoutArena(abi, dims);
  const bytes = abi.scratch.map((b) => bufferBytes(b, dims));
  const used = abi.scratch.flatMap((b, n) => {
    const life = lifetimes.get(b.id);
    return life === undefined ? [] : [{ n, ...life }];
  });
  const sized = (spare: number): readonly ArenaBlock[] =>
    used.map(({ n, first, last }) => ({ first, last, bytes: known(bytes[n], "bytes") + spare }));
  const offsets = used.map(({ n }) => known(layout.offsets[n], "an offset"));
  expect(meetings(sized(SPARE_BYTES), { offsets, bytes: layout.bytes }), what).toEqual([]);
  return { arena: layout.bytes, live: largestLiveSet(sized(0)) };
}

test("scratch of random kernels never meets while both are needed", () => {
  let seen = 0;
  for (let seed = 1; seed <= 80; seed++) {
    const read = readKernel(randomKernel(seed).source);
    const dims = "kernel" in read ? drawSizes(read.kernel, seed, 50_000) : null;
    if (!("kernel" in read) || dims === null) continue;
    if (checkArena(read.kernel, wasm, dims, `seed ${seed}`).arena > 0) seen++;
  }
  expect(seen).toBeGreaterThan(10);
});

test(
  "arenas of examples and of the standard library, against their largest live sets",
  { timeout: 60_000 },
  async () => {
    const found = new Diagnostics();
    const rows: (Sizes & { readonly name: string })[] = [];
    const standard = readdirSync(join(root, "std")).map((name) => `std/${name.replace(/\.ein$/, "")}`);
    const networks = ["lenet", "attention"].map((name) => join(root, "dsl-examples", `${name}.ein`));
    for (const argument of [...networks, ...standard.toSorted()]) {
      const file = await openProgram(argument, found);
      for (const name of file?.kernels ?? []) {
        const kernel =
          file === null ? null : (proveKernelOf(file.program, name, {}, new Diagnostics())?.kernel ?? null);
        const dims = kernel === null ? null : equalDims(kernel);
        if (kernel === null || dims === null) continue;
        for (const target of name === "lenet" ? [wasm, wgslTarget] : [wasm]) {
          const sizes = checkArena(kernel, target, dims, name);
          if (sizes.live > 0) rows.push({ name: `${name} for ${target.name}`, ...sizes });
        }
      }
    }
    const lines = rows.map(
      (r) =>
        `${r.name.padEnd(36)}${String(r.arena).padStart(10)}${String(r.live).padStart(10)}  ${(r.arena / r.live).toFixed(3)}`,
    );
    console.log(["kernel                                   arena      live  ratio", ...lines].join("\n"));
    const lenet = rows.filter((r) => r.name.startsWith("lenet"));
    expect(lenet).toHaveLength(2);
    for (const { arena, live } of lenet) expect(arena / live).toBeLessThanOrEqual(1.1);
    expect(rows.filter(({ arena, live }) => live >= 16_384 && arena > 1.1 * live)).toEqual([]);
    expect(rows.length).toBeGreaterThan(10);
  },
);

/** All dims of one size; null where none of these is legal. lenet's only dim is its batch. */
function equalDims(kernel: Kernel): ReadonlyMap<string, bigint> | null {
  const all = [1n, 64n, 33n, 16n, 8n].map((n) => new Map(kernel.dims.map((d) => [d.id, n] as const)));
  const [one, ...larger] = all;
  const isSmall = kernel.dims.length <= 1;
  return (isSmall && one !== undefined ? [one, ...larger] : larger).find((dims) => isLegal(kernel, dims)) ?? null;
}
