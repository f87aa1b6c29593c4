/**
 * `npm run demo`: the main job on real input. Compiles the digit network of the examples for every target that can run
 * here, classifies the digits that the project ships (and MNIST's, where they lie beside the project), and says for each
 * target how many are right, how fast it was, how far it is from the reference logits, and which files a build writes.
 *
 * Slow targets (an interpreter, a GPU that is a processor) get the first images only, as many as they do in a few seconds.
 */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { cwd } from "node:process";
import { known } from "../../compiler/support/invariant.ts";
import { TARGETS } from "../../targets/registry.ts";
import { readNpy } from "../files/npy.ts";
import { openSafetensors } from "../files/safetensors.ts";
import type { CompiledKernel } from "../kernel.ts";
import { makeLibrary } from "../library.ts";
import { NODE_DEVICES } from "../node/devices.ts";
import { readStandard } from "../node/standard-library.ts";
import { packageRoot } from "../node/examples.ts";
import { readFileBytes } from "../node/files.ts";
import { refuse } from "../refuse.ts";
import { Tensor } from "../tensor.ts";
import type { BuiltFile } from "./build.ts";
import { build } from "./build.ts";
import { EXIT } from "./exit-codes.ts";
import type { Progress } from "./progress.ts";
import { makeProgress } from "./progress.ts";
import type { Outcome } from "./report.ts";
import { table } from "./report.ts";

export type DemoOptions = {
  /** Names with commas between; all that can run here if absent. */
  readonly target?: string;
  readonly out?: string;
};

const KERNEL = "lenet";
const SIDE = 28;
const CLASSES = 10;
/** What a slow target may take for one set of images, in milliseconds. */
const BUDGET = 3000;
/** Images from which the speed of a target is estimated. */
const TRIAL = 5;
/** How often all images are classified, for the median; fewer times where the budget is used up. */
const CALLS = 5;
/** Largest distance from the reference logits, relative to the largest of them. */
const TOLERANCE = 1e-4;

type DigitSet = {
  readonly name: string;
  /** f32[n, 1, 28, 28], 0..255. */
  readonly images: Tensor<"f32">;
  readonly labels: Int32Array;
  /** f32[n, 10], row by row. */
  readonly logits: Float32Array;
  readonly weights: ReadonlyMap<string, Tensor>;
};

/** One target on one set. */
export type DemoRow = {
  readonly set: string;
  readonly target: string;
  readonly device: string;
  /** How many of the set's first images it was given. */
  readonly images: number;
  readonly of: number;
  readonly right: number;
  /** How many of the same images the reference logits have right. */
  readonly rightByReference: number;
  readonly imagesPerSecond: number;
  readonly largestDifference: number;
  /** The same, as a part of the largest reference logit. */
  readonly relativeDifference: number;
  readonly equalPredictions: number;
  readonly agrees: boolean;
};

export type DemoResult = {
  readonly rows: readonly DemoRow[];
  readonly notHere: readonly { readonly target: string; readonly reason: string; readonly help: string }[];
  readonly files: readonly BuiltFile[];
};

export async function demo(options: DemoOptions): Promise<Outcome<DemoResult>> {
  const root = packageRoot();
  const program = join(root, "dsl-examples", `${KERNEL}.ein`);
  if (!existsSync(program)) {
    refuse("E6102", "the demonstration needs the examples, which an installed package leaves out", {
      help: ["run it in a checkout of the project"],
    });
  }
  const library = makeLibrary(NODE_DEVICES, readStandard);
  const progress = makeProgress();
  try {
    const source = new TextDecoder().decode(await readFileBytes(program));
    const sets = await readSets(root, progress);
    const asked = options.target?.split(",") ?? Object.keys(NODE_DEVICES);
    for (const name of asked) if (!(name in NODE_DEVICES)) await library.openDevice(name);
    const here = (await library.targets()).filter(({ name }) => asked.includes(name));
    const rows: DemoRow[] = [];
    for (const { name } of here.filter((t) => t.here.available)) {
      progress.say(`${name}: compiling`);
      const kernel = known((await library.compile(source, { target: name, kernels: [KERNEL] }))[KERNEL], KERNEL);
      for (const set of sets) rows.push(await classify(kernel, set, progress));
    }
    progress.say("writing artifacts");
    const result = {
      rows,
      notHere: here.flatMap((t) => (t.here.available ? [] : [{ target: t.name, ...t.here }])).map(withoutFlag),
      files: await buildAll(program, options.out ?? join(root, "out")),
    };
    return outcomeOf(result, sets);
  } finally {
    progress.end();
    await library.close();
  }
}

function withoutFlag(t: { readonly target: string; readonly reason: string; readonly help: string }) {
  return { target: t.target, reason: t.reason, help: t.help };
}

// ---- input ----

async function readSets(root: string, progress: Progress): Promise<readonly DigitSet[]> {
  progress.say("reading images");
  const shipped = await readSet("digits", join(root, "dsl-examples", "digits"));
  const beside = join(root, "..", "shared", "data", "mnist");
  return existsSync(beside) ? [shipped, await readSet("mnist", beside)] : [shipped];
}

async function readSet(name: string, folder: string): Promise<DigitSet> {
  const read = async (file: string): Promise<Tensor> => {
    const path = join(folder, file);
    return readNpy(await readFileBytes(path), path);
  };
  const grey = (await read("images_u8.npy")).as("u8");
  const images = Tensor.from(Float32Array.from(grey.data), { dtype: "f32", shape: grey.shape });
  const path = join(folder, "weights.safetensors");
  const archive = openSafetensors(await readFileBytes(path), path);
  return {
    name,
    images,
    labels: (await read("labels.npy")).as("i32").data,
    logits: (await read("logits.npy")).as("f32").data,
    weights: new Map(archive.names.map((w) => [w, archive.read(w)] as const)),
  };
}

/** The first images of a set, without a copy. */
function firstImages(set: DigitSet, count: number): Tensor {
  const array = set.images.data.subarray(0, count * SIDE * SIDE);
  return Tensor.from(array, { dtype: "f32", shape: [count, 1, SIDE, SIDE] });
}

// ---- running ----

type Timed = {
  readonly logits: Float32Array;
  /** Of the middle one of the calls. */
  readonly milliseconds: number;
  readonly fastest: number;
};

async function classify(kernel: CompiledKernel, set: DigitSet, progress: Progress): Promise<DemoRow> {
  const { name } = kernel.device;
  const of = set.labels.length;
  let images = 0;
  let last: Timed = { logits: new Float32Array(), milliseconds: 0, fastest: 0 };
  for (let next = Math.min(TRIAL, of); next > images;) {
    images = next;
    progress.say(`${name}: ${set.name}, ${images} images`);
    last = await timed(kernel, set, images, CALLS);
    // A call has a cost of its own, so that a short one says little about a long one: never more than 8 times as many.
    const affordable = Math.floor((BUDGET / last.fastest) * images);
    next = last.fastest > BUDGET / 2 ? images : Math.min(of, affordable, 8 * images);
  }
  const { logits, milliseconds } = last;
  const imagesPerSecond = (images / milliseconds) * 1000;
  return { ...rate(set, images, logits), target: name, device: kernel.device.description, imagesPerSecond };
}

/** The logits of the first images, and the median time of up to `calls` calls, results read back included. */
async function timed(kernel: CompiledKernel, set: DigitSet, images: number, calls: number): Promise<Timed> {
  const isFixed = kernel.device.target.capabilities.constantDims;
  const callable = isFixed ? await kernel.specialise({ B: images }) : kernel;
  const args = { X: firstImages(set, images), ...Object.fromEntries(set.weights) };
  const laps: number[] = [];
  let logits = new Float32Array();
  const started = performance.now();
  // Twice if that can be, for a first call may have to warm something up.
  for (let n = 0; n < calls && (n === 0 || performance.now() - started < BUDGET / 2); n++) {
    const before = performance.now();
    const y = known(callable(args)["Y"], "Y");
    logits = Float32Array.from(await y.as("f32").read());
    y.dispose();
    laps.push(performance.now() - before);
  }
  const sorted = laps.toSorted((a, b) => a - b);
  return { logits, milliseconds: known(sorted[laps.length >> 1], "a lap"), fastest: known(sorted[0], "a lap") };
}

type Rating = Omit<DemoRow, "target" | "device" | "imagesPerSecond">;

function rate(set: DigitSet, images: number, logits: Float32Array): Rating {
  let right = 0;
  let rightByReference = 0;
  let equalPredictions = 0;
  let largestDifference = 0;
  let largestLogit = 0;
  for (let i = 0; i < images; i++) {
    const row = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
    const reference = set.logits.subarray(i * CLASSES, (i + 1) * CLASSES);
    const [got, wanted] = [largestAt(row), largestAt(reference)];
    if (got === set.labels[i]) right++;
    if (wanted === set.labels[i]) rightByReference++;
    if (got === wanted) equalPredictions++;
    for (const [k, r] of reference.entries()) {
      largestLogit = Math.max(largestLogit, Math.abs(r));
      // A NaN is as far away as can be, and Math.max keeps it.
      largestDifference = Math.max(largestDifference, Math.abs(r - (row[k] ?? Number.NaN)));
    }
  }
  const relativeDifference = largestDifference / largestLogit;
  const agrees = relativeDifference <= TOLERANCE && right === rightByReference;
  return {
    set: set.name,
    images,
    of: set.labels.length,
    right,
    rightByReference,
    largestDifference,
    relativeDifference,
    equalPredictions,
    agrees,
  };
}

/** Position of the first largest. */
function largestAt(row: Float32Array): number {
  return row.reduce((best, v, k) => (v > (row[best] ?? 0) ? k : best), 0);
}

// ---- artifacts ----

async function buildAll(program: string, out: string): Promise<DemoResult["files"]> {
  const files: BuiltFile[] = [];
  for (const { name, capabilities, lowers } of TARGETS) {
    if (!lowers) continue;
    const dim = capabilities.constantDims ? ["B=1"] : [];
    const outcome = await build(`${program}:${KERNEL}`, { target: name, out, dim, set: [] });
    files.push(...(outcome.result?.files ?? []));
  }
  return files;
}

// ---- output ----

const TITLES: Readonly<Record<string, string>> = {
  digits: "images of the shipped digits (dsl-examples/digits)",
  mnist: "images of MNIST (../shared/data/mnist)",
};

function outcomeOf(result: DemoResult, sets: readonly DigitSet[]): Outcome<DemoResult> {
  const text: string[] = [];
  for (const { name, labels } of sets) {
    const rows = result.rows.filter((r) => r.set === name);
    text.push(`${labels.length} ${TITLES[name]}`, ...table([HEAD, ...rows.map(cells)]).map((l) => `  ${l}`), "");
  }
  for (const t of result.notHere) text.push(`${t.target} cannot run here: ${t.reason}; ${t.help}`, "");
  text.push("files written");
  const files = result.files.map((f) => [relative(cwd(), f.path), `${f.bytes} B`]);
  text.push(...table(files).map((l) => `  ${l}`));
  const wrong = result.rows.filter((r) => !r.agrees);
  for (const r of wrong) text.push(`${r.target} does not agree with the reference on ${r.set}`);
  return { diagnostics: [], text, result, ...(wrong.length > 0 ? { exit: EXIT.wrong } : {}) };
}

const HEAD = ["target", "right", "accuracy", "images/s", "largest difference", "equal predictions", "device"] as const;

function cells(r: DemoRow): readonly string[] {
  return [
    r.target,
    `${r.right} of ${r.images < r.of ? "the first " : ""}${r.images}`,
    `${((100 * r.right) / r.images).toFixed(1)} %`,
    r.imagesPerSecond >= 100 ? r.imagesPerSecond.toFixed(0) : r.imagesPerSecond.toFixed(1),
    `${r.largestDifference.toPrecision(2)} (${r.relativeDifference.toExponential(0)} of the largest)`,
    `${r.equalPredictions} of ${r.images}`,
    r.device,
  ];
}
