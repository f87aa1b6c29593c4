/**
 * The command that makes the digit set and proves that the shipped files are what it makes:
 *
 *   npm run digits -- --verify          draws both sets again, compares every byte, replays the first training steps
 *   npm run digits -- --train           draws, trains, and writes the files beside this one
 *   npm run digits -- --preview FILE    writes a contact sheet of the held-out set, as PNG
 *
 * Everything random comes from the seeds of RECIPE, and all arithmetic is exactly rounded, so both the drawing and the
 * training give the same bits on every machine. Exit code 1: the files differ; 2: the command line is wrong.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { contactSheet } from "./contact-sheet.ts";
import type { Picture } from "./contact-sheet.ts";
import { element } from "./element.ts";
import { decodeParameters, encodeLogits, encodeParameters, encodeSet } from "./files.ts";
import { generate } from "./generate.ts";
import type { DigitSet } from "./generate.ts";
import { classify, countRight, shippedParameters, Trainer } from "./train.ts";

/** What fixes every byte of the shipped files. */
const RECIPE = {
  training: { seed: 1, count: 24_000 },
  heldOut: { seed: 2, count: 500 },
  trainer: { seed: 3, epochs: 6, batch: 32, learningRate: 0.03, momentum: 0.9 },
} as const;

/** Steps whose losses are recorded one by one and replayed by --verify; later ones are recorded as means. */
const REPLAYED = 200;
const MEAN_OF = 50;
/** The least accuracy on the held-out set that may ship. */
const LEAST_ACCURACY = 0.97;

const FILES = ["images_u8.npy", "labels.npy", "weights.safetensors", "logits.npy"] as const;
type FileName = (typeof FILES)[number];

/** digits.json: how the files were made and what they hold. */
type Report = {
  readonly recipe: unknown;
  readonly trainingSetSha256: string;
  readonly sha256: Readonly<Record<string, string>>;
  /** Mean loss of the batch before each of the first REPLAYED steps. */
  readonly firstLosses: readonly number[];
  /** Mean loss of each MEAN_OF steps of the whole run. */
  readonly meanLosses: readonly number[];
  readonly steps: number;
  readonly heldOutRight: number;
};

function main(): number {
  const commands = process.argv.slice(2);
  const [command, path] = commands;
  if (command === "--verify" && commands.length === 1) return verify();
  if (command === "--train" && commands.length === 1) return train();
  if (command === "--preview" && path !== undefined && commands.length === 2) return preview(path);
  console.error("usage: npm run digits -- --verify | --train | --preview FILE");
  return 2;
}

const inFolder = (name: string): string => join(import.meta.dirname, name);
const sha256 = (...parts: readonly Uint8Array[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};
const hashOf = (set: DigitSet): string => sha256(set.images, set.labels);

/** A reader never sees half a file. */
function writeWhole(path: string, bytes: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, path);
}

function preview(path: string): number {
  const { seed, count } = RECIPE.heldOut;
  mkdirSync(dirname(path), { recursive: true });
  writeWhole(path, encodePng(contactSheet(generate(seed, count), 20, 2)));
  console.log(`wrote ${path}`);
  return 0;
}

/** 8-bit grey (ISO 15948): a signature, then the chunks IHDR, IDAT, IEND. */
function encodePng({ width, height, pixels }: Picture): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits per sample; the zeros after it: grey, deflate, standard filters, not interlaced
  const rows = Buffer.alloc((width + 1) * height); // each row's first byte is its filter type, 0: none
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const end = Buffer.alloc(0);
  return Buffer.concat([
    signature,
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND", end),
  ]);
}

function pngChunk(type: string, body: Uint8Array): Uint8Array {
  const checked = Buffer.concat([Buffer.from(type, "latin1"), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(checked));
  return Buffer.concat([length, checked, sum]);
}

function train(): number {
  const trainingSet = generate(RECIPE.training.seed, RECIPE.training.count);
  const heldOut = generate(RECIPE.heldOut.seed, RECIPE.heldOut.count);
  const trainer = new Trainer(trainingSet, RECIPE.trainer);
  const losses: number[] = [];
  const meanLosses: number[] = [];
  while (losses.length < trainer.steps) {
    losses.push(trainer.step());
    if (losses.length % MEAN_OF > 0) continue;
    const mean = losses.slice(-MEAN_OF).reduce((a, b) => a + b) / MEAN_OF;
    meanLosses.push(mean);
    if (meanLosses.length % 10 === 0) console.log(`step ${losses.length} of ${trainer.steps}: loss ${mean.toFixed(4)}`);
  }
  const parameters = shippedParameters(trainer.parameters);
  const logits = classify(parameters, heldOut.images, heldOut.count);
  const heldOutRight = countRight(logits, heldOut.labels);
  const accuracy = heldOutRight / heldOut.count;
  console.log(`held-out accuracy ${(100 * accuracy).toFixed(1)} % (${heldOutRight} of ${heldOut.count})`);
  if (accuracy < LEAST_ACCURACY) {
    console.error(`error: below ${100 * LEAST_ACCURACY} %; nothing written`);
    return 1;
  }
  const files: Readonly<Record<FileName, Uint8Array>> = {
    ...encodeSet(heldOut),
    "weights.safetensors": encodeParameters(parameters),
    "logits.npy": encodeLogits(logits),
  };
  const report: Report = {
    recipe: RECIPE,
    steps: trainer.steps,
    heldOutRight,
    trainingSetSha256: hashOf(trainingSet),
    sha256: Object.fromEntries(FILES.map((name) => [name, sha256(files[name])])),
    meanLosses,
    firstLosses: losses.slice(0, REPLAYED),
  };
  for (const name of FILES) writeWhole(inFolder(name), files[name]);
  writeWhole(inFolder("digits.json"), reportText(report));
  console.log(`wrote ${FILES.join(", ")}, digits.json`);
  return 0;
}

/** Formatted as the project's formatter does it, with as many numbers on a line as 120 columns hold. */
function reportText(report: Report): string {
  const text = JSON.stringify(report, null, 2);
  const filled = text.replaceAll(/(?<=\[\n)[-+.,\de\s]+(?=\n {2}\])/g, (numbers) => {
    const lines: string[] = [];
    for (const number of numbers.trim().split(/\s+/)) {
      const joined = `${lines.at(-1) ?? ""} ${number}`;
      if (lines.length > 0 && joined.length <= 120) lines.splice(-1, 1, joined);
      else lines.push(`    ${number}`);
    }
    return lines.join("\n");
  });
  return `${filled}\n`;
}

/** What --verify stops with: which promise is broken, and how. */
class Difference extends Error {}

function verify(): number {
  try {
    const report = readReport();
    const trainingSet = generate(RECIPE.training.seed, RECIPE.training.count);
    const heldOut = generate(RECIPE.heldOut.seed, RECIPE.heldOut.count);
    verifySets(report, trainingSet, heldOut);
    verifyWeights(report, heldOut);
    replay(report, trainingSet);
    return 0;
  } catch (error) {
    // Also what a missing or damaged file leads to; anything else is a bug and shows its stack.
    const expected = error instanceof Difference || error instanceof SyntaxError;
    if (!expected && !(error instanceof Error && "code" in error)) throw error;
    console.error(`error: ${error instanceof SyntaxError ? "digits.json: " : ""}${error.message}`);
    return 1;
  }
}

function readReport(): Report {
  const report: unknown = JSON.parse(readFileSync(inFolder("digits.json"), "utf8"));
  if (!isReport(report)) throw new Difference("digits.json has not the fields of a report; make it again with --train");
  const recorded = JSON.stringify(report.recipe);
  if (recorded !== JSON.stringify(RECIPE)) {
    throw new Difference(
      `digits.json was made by another recipe, ${recorded}, than the program's, ${JSON.stringify(RECIPE)}`,
    );
  }
  return report;
}

function isReport(value: unknown): value is Report {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Partial<Record<keyof Report, unknown>>;
  return (
    typeof fields.recipe === "object" &&
    typeof fields.trainingSetSha256 === "string" &&
    typeof fields.sha256 === "object" &&
    fields.sha256 !== null &&
    Array.isArray(fields.firstLosses) &&
    fields.firstLosses.length === REPLAYED &&
    typeof fields.heldOutRight === "number"
  );
}

function verifySets(report: Report, trainingSet: DigitSet, heldOut: DigitSet): void {
  const hash = hashOf(trainingSet);
  if (hash !== report.trainingSetSha256) {
    throw new Difference(`the training set drawn now has sha256 ${hash}, the recorded one ${report.trainingSetSha256}`);
  }
  console.log(`training set: ${trainingSet.count} images drawn again, sha256 as recorded`);
  const files = encodeSet(heldOut);
  for (const name of ["images_u8.npy", "labels.npy"] as const) sameBytes(name, files[name]);
  console.log(`held-out set: ${heldOut.count} images drawn again, images_u8.npy and labels.npy equal byte for byte`);
}

/** The shipped weights are those that were recorded, and give the shipped logits. */
function verifyWeights(report: Report, heldOut: DigitSet): void {
  for (const name of FILES) {
    const hash = sha256(readFileSync(inFolder(name)));
    const recorded = report.sha256[name];
    if (hash !== recorded) throw new Difference(`${name} has sha256 ${hash}, and digits.json says ${recorded}`);
  }
  const parameters = decodeParameters(readFileSync(inFolder("weights.safetensors")), "weights.safetensors");
  const logits = classify(parameters, heldOut.images, heldOut.count);
  sameBytes("logits.npy", encodeLogits(logits));
  const right = countRight(logits, heldOut.labels);
  if (right !== report.heldOutRight || right < LEAST_ACCURACY * heldOut.count) {
    throw new Difference(`${right} of ${heldOut.count} held-out images are right; recorded are ${report.heldOutRight}`);
  }
  console.log(`weights: logits.npy equal byte for byte, ${right} of ${heldOut.count} held-out images right`);
}

function sameBytes(name: string, expected: Uint8Array): void {
  const shipped = readFileSync(inFolder(name));
  if (shipped.length !== expected.length) {
    throw new Difference(`${name} has ${shipped.length} bytes and should have ${expected.length}`);
  }
  const place = expected.findIndex((byte, i) => byte !== shipped[i]);
  if (place < 0) return;
  throw new Difference(`${name}: byte ${place} is ${shipped[place]} and should be ${expected[place]}`);
}

function replay(report: Report, trainingSet: DigitSet): void {
  const trainer = new Trainer(trainingSet, RECIPE.trainer);
  for (let step = 0; step < REPLAYED; step++) {
    const loss = trainer.step();
    const recorded = element(report.firstLosses, step);
    if (loss !== recorded) throw new Difference(`step ${step}: the loss is ${loss}, and digits.json says ${recorded}`);
  }
  console.log(`training: the losses of the first ${REPLAYED} steps are the recorded ones, bit for bit`);
}

process.exitCode = main();
