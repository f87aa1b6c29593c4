/** The arguments of `einkorn run`: sources of the command line to tensors of a kernel's parameters. */
import type { Kernel, Tensor as Param } from "../../compiler/ir/equations.ts";
import { evaluateIndex, evaluateShape } from "../../compiler/ir/evaluate-index.ts";
import { freeVariables } from "../../compiler/ir/walk.ts";
import { unreachable } from "../../compiler/support/invariant.ts";
import type { TensorArchive } from "../files/archive.ts";
import { FORMATS, formatOfBytes } from "../files/format.ts";
import type { FormatName } from "../files/format.ts";
import type { InputSource } from "../files/source.ts";
import { parseInputSource } from "../files/source.ts";
import { readFileBytes, readStandardInput, STDIN_NAME } from "../node/files.ts";
import { listed, nearest, quoted, refuse } from "../refuse.ts";
import { Tensor } from "../tensor.ts";
import { splitAssignment } from "./options.ts";

/** Tensors from files, and what is made once all dims are known. */
export type Inputs = {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly made: ReadonlyMap<string, InputSource>;
};

/**
 * Reads all `--in` options: `NAME=SRC`, an archive that binds every parameter of its names, or `random`, `zeros` or another
 * source that makes values, for every parameter that nothing else gives.
 */
export async function readInputs(kernel: Kernel, list: readonly string[]): Promise<Inputs> {
  const tensors = new Map<string, Tensor>();
  const made = new Map<string, InputSource>();
  const opened = new Map<string, TensorArchive | Tensor>();
  const params = kernel.params.map((p) => p.name);
  let forOthers: InputSource | null = null;
  for (const text of list) {
    const assigned = splitAssignment(text);
    if (assigned === null) {
      const source = parseInputSource(text);
      if (source.kind === "file" || source.kind === "stdin") await bindArchive(text, source, params, tensors, opened);
      else if (forOthers === null) forOthers = source;
      else refuse("E6402", `--in ${quoted(text)}: the other parameters have a source already`);
      continue;
    }
    const { name, rest } = assigned;
    refuseUnknown(`${kernel.name} has no parameter`, name, params);
    if (tensors.has(name) || made.has(name)) refuse("E6402", `--in ${name} is given twice`);
    const source = parseInputSource(rest);
    if (source.kind === "file") {
      tensors.set(name, member(await open(source.format, source.path, opened), source.member ?? name));
    } else if (source.kind === "stdin") {
      const bytes = await readStandardInput();
      tensors.set(name, member(openBytes(formatOfBytes(bytes, STDIN_NAME), bytes, STDIN_NAME), name));
    } else made.set(name, source);
  }
  if (forOthers !== null)
    for (const name of params) if (!tensors.has(name) && !made.has(name)) made.set(name, forOthers);
  return { tensors, made };
}

/** E6202, with the nearest name or the list of them. `what`: `blur has no dim`. */
export function refuseUnknown(what: string, name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const near = nearest(name, names);
  const rest = names.length === 0 ? "there are none" : `there are ${listed(names)}`;
  refuse("E6202", `${what} ${quoted(name)}`, { help: [near === null ? rest : `did you mean ${near}?`] });
}

async function bindArchive(
  text: string,
  source: InputSource,
  params: readonly string[],
  tensors: Map<string, Tensor>,
  opened: Map<string, TensorArchive | Tensor>,
): Promise<void> {
  if (source.kind !== "file" || source.member !== null || source.format === "npy") {
    refuse("E6402", `--in ${quoted(text)} does not say which parameter it is for`, {
      help: [`write --in NAME=${text}`],
    });
  }
  const archive = await open(source.format, source.path, opened);
  if (archive instanceof Tensor) return;
  const bound = params.filter((name) => archive.names.includes(name));
  if (bound.length === 0) {
    refuse("E6105", `${source.path} holds none of the parameters ${listed(params)}`, {
      notes: [`it holds ${listed(archive.names)}`],
      help: [`write --in NAME=${source.path}:MEMBER`],
    });
  }
  for (const name of bound) {
    if (tensors.has(name)) refuse("E6402", `--in ${quoted(text)}: ${name} is given twice`);
    tensors.set(name, archive.read(name));
  }
}

async function open(
  format: FormatName,
  path: string,
  opened: Map<string, TensorArchive | Tensor>,
): Promise<TensorArchive | Tensor> {
  const old = opened.get(path);
  if (old !== undefined) return old;
  const file = openBytes(format, await readFileBytes(path), path);
  opened.set(path, file);
  return file;
}

function openBytes(format: FormatName, bytes: Uint8Array, name: string): TensorArchive | Tensor {
  const file = FORMATS[format].open(bytes, name);
  return file.kind === "tensor" ? file.tensor : file.archive;
}

function member(file: TensorArchive | Tensor, name: string): Tensor {
  return file instanceof Tensor ? file : file.read(name);
}

/** Dims that `--dim`, the shapes of `tensors` and defaults give, by name; E6205 where `--dim` and a file disagree. */
export function knownDims(
  kernel: Kernel,
  tensors: ReadonlyMap<string, Tensor>,
  asked: ReadonlyMap<string, bigint>,
): ReadonlyMap<string, bigint> {
  const dims = new Map(asked);
  for (const p of kernel.params) {
    const t = tensors.get(p.name);
    if (t === undefined) continue;
    for (const [d, { hi }] of p.dims.entries()) {
      const size = t.shape[d];
      if (hi.kind !== "var" || size === undefined) continue;
      const told = asked.get(hi.name);
      if (told !== undefined && told !== BigInt(size)) {
        refuse("E6205", `${hi.name} is ${size} in dim ${d} of ${p.name} and ${told} in --dim ${hi.name}`, {
          help: [`leave --dim ${hi.name} out`],
        });
      }
      if (!dims.has(hi.name)) dims.set(hi.name, BigInt(size));
    }
  }
  for (const { name, byDefault } of kernel.dims)
    if (byDefault !== undefined && !dims.has(name)) dims.set(name, byDefault);
  return dims;
}

/** The tensors that are made rather than read, now that dims are known. */
export function makeInputs(
  kernel: Kernel,
  inputs: Inputs,
  dims: ReadonlyMap<string, bigint>,
): ReadonlyMap<string, Tensor> {
  const byId = new Map(kernel.dims.flatMap((d) => (dims.has(d.name) ? [[d.id, dims.get(d.name) ?? 0n] as const] : [])));
  const all = new Map(inputs.tensors);
  for (const [n, p] of kernel.params.entries()) {
    const source = inputs.made.get(p.name);
    if (source === undefined) continue;
    // Random values lie within the range type, whose ends may be sizes, too.
    const range = source.kind === "random" && p.values !== null ? [p.values.lo, p.values.hi] : [];
    for (const size of [...p.dims.map((d) => d.hi), ...range]) {
      const unknown = [...freeVariables(size).values()].find((v) => !byId.has(v.id));
      if (unknown !== undefined) {
        refuse("E6402", `the size ${unknown.name} of ${p.name} is not known`, {
          help: [`give --dim ${unknown.name}=…`],
        });
      }
    }
    all.set(p.name, makeTensor(p, source, byId, n));
  }
  return all;
}

function makeTensor(p: Param, source: InputSource, dims: ReadonlyMap<string, bigint>, position: number): Tensor {
  const shape = evaluateShape(p.dims, dims);
  const { dtype } = p;
  switch (source.kind) {
    case "scalar":
      return Tensor.full(shape, source.value, { dtype });
    case "zeros":
      return Tensor.zeros(shape, { dtype });
    case "iota":
      return Tensor.iota(shape, { dtype });
    case "random": {
      // One seed for all parameters would give equal tensors; the position tells them apart.
      const seed = source.seed * 1009 + position;
      if (p.values === null) return Tensor.random(shape, { dtype, seed });
      const range = [evaluateIndex(p.values.lo, dims), evaluateIndex(p.values.hi, dims)] as const;
      return Tensor.random(shape, { dtype, seed, range });
    }
    case "file":
    case "stdin":
      return refuse("E6402", `${p.name} is read, not made`);
    default:
      return unreachable(source);
  }
}
