/**
 * Runs a machine program, lane by lane, with poison (lanes.ts) for idle lanes and unwritten memory: an access, a branch or
 * a stored value that depends on it throws, and so does an access outside its buffer. Parallel loops and the invocations
 * of a grid run in a scrambled order given by a seed.
 */
import { invariant, known, unreachable } from "../support/invariant.ts";
import { makeRandom, shuffledRange } from "../support/shuffle.ts";
import { evaluateSize } from "./evaluate-index.ts";
import type { Lane } from "./lanes.ts";
import { applyToLanes, convertLane, defined, POISON } from "./lanes.ts";
import type { Inst, MachineFunction, MachineProgram, MachineType, Place, Reg } from "./machine.ts";
import { MachineMemory } from "./machine-memory.ts";
import type { NDArray } from "./values.ts";
import { canonical, valueOf } from "./values.ts";

export type MachineOptions = {
  /** Chooses the order of parallel iterations and of invocations. */
  readonly seed?: number;
};

/** One call of a function, or one invocation of its grid. */
type Frame = {
  readonly fn: MachineFunction;
  readonly memory: MachineMemory;
  /** One list of lanes per register. */
  readonly registers: (readonly Lane[] | undefined)[];
  readonly locals: (readonly Lane[] | undefined)[];
  /** Dims, and `invocation`. */
  readonly parameters: ReadonlyMap<string, number | bigint>;
  readonly random: () => number;
};

/** A grid is launched in groups, so more invocations start than it has points; they must find out and do nothing. */
const GROUP = 8;

/** The output buffers by id, in the program's order; `inputs` by buffer id, `dims` by id of the dim's variable. */
export function interpretMachine(
  program: MachineProgram,
  inputs: ReadonlyMap<string, NDArray>,
  dims: ReadonlyMap<string, bigint>,
  options: MachineOptions = {},
): ReadonlyMap<string, NDArray> {
  const memory = new MachineMemory(program, inputs, dims);
  const random = makeRandom(options.seed ?? 1);
  const parameters = new Map([...dims].map(([id, n]) => [id, canonical(n)]));
  for (const [launch, fn] of program.functions.entries()) {
    memory.startLaunch(launch);
    const call = (more: ReadonlyMap<string, number | bigint>): void =>
      run(fn.body, { fn, memory, registers: [], locals: [], parameters: more, random });
    if (fn.grid === null) {
      call(parameters);
      continue;
    }
    const points = fn.grid.reduce((n, extent) => n * Math.max(0, evaluateSize(extent, dims)), 1);
    for (const n of shuffledRange(0, Math.ceil(points / GROUP) * GROUP, random)) {
      call(new Map([...parameters, ["invocation", n]]));
    }
  }
  const outputs = program.buffers.filter((b) => b.space === "output");
  return new Map(outputs.map((b) => [b.id, memory.content(b.id)]));
}

// ---- registers ----

function typeOf(r: Reg, f: Frame): MachineType {
  return known(f.fn.types[r], `the type of %${r}`);
}

function lanesOf(r: Reg, f: Frame): readonly Lane[] {
  return known(f.registers[r], `%${r} in ${f.fn.name}`);
}

/** Lane `n` of a register; a scalar is the same in every lane. */
function laneAt(r: Reg, n: number, f: Frame): Lane {
  const lanes = lanesOf(r, f);
  return known(lanes.length === 1 ? lanes[0] : lanes[n], `lane ${n} of %${r}`);
}

function scalar(r: Reg, f: Frame, what: string): number {
  return Number(defined(laneAt(r, 0, f), () => `${what}, %${r} in ${f.fn.name},`));
}

function define(r: Reg, f: Frame, make: (lane: number) => Lane): void {
  f.registers[r] = Array.from({ length: typeOf(r, f).lanes }, (_, n) => make(n));
}

// ---- instructions ----

function run(body: readonly Inst[], f: Frame): void {
  for (const inst of body) execute(inst, f);
}

function execute(inst: Inst, f: Frame): void {
  switch (inst.kind) {
    case "const":
      return define(inst.dst, f, () => valueOf(inst.value));
    case "dim":
      return define(inst.dst, f, () => known(f.parameters.get(inst.dim), `the parameter ${inst.dim}`));
    case "base":
      return define(inst.dst, f, () => f.memory.at(inst.buffer).base);
    case "apply": {
      const { elem } = typeOf(known(inst.args[0], "operand"), f);
      return define(inst.dst, f, (n) =>
        applyToLanes(
          inst.op,
          elem,
          inst.args.map((r) => laneAt(r, n, f)),
        ),
      );
    }
    case "select":
      return define(inst.dst, f, (n) => {
        const cond = laneAt(inst.cond, n, f);
        return cond === POISON ? POISON : laneAt(cond === true ? inst.yes : inst.no, n, f);
      });
    case "convert": {
      const [from, to] = [typeOf(inst.arg, f).elem, typeOf(inst.dst, f).elem];
      return define(inst.dst, f, (n) => convertLane(inst.mode, from, to, laneAt(inst.arg, n, f)));
    }
    case "load":
      return load(inst.dst, inst.place, f);
    case "store":
      return store(inst.value, inst.place, f);
    case "splat":
      return define(inst.dst, f, () => laneAt(inst.arg, 0, f));
    case "extract":
      return define(inst.dst, f, () => laneAt(inst.arg, inst.lane, f));
    case "pack":
      return define(inst.dst, f, (n) => laneAt(known(inst.args[n], `lane ${n}`), 0, f));
    case "ramp":
      return define(inst.dst, f, (n) => applyToLanes("add", "i32", [laneAt(inst.start, 0, f), n]));
    case "declare":
      f.locals[inst.local] = lanesOf(inst.init, f);
      return;
    case "get": {
      const lanes = known(f.locals[inst.local], `local ${inst.local}`);
      return define(inst.dst, f, (n) => known(lanes[n], `lane ${n} of local ${inst.local}`));
    }
    case "set":
      f.locals[inst.local] = lanesOf(inst.value, f);
      return;
    case "loop":
      return loop(inst, f);
    case "if":
      return run(scalar(inst.cond, f, "a condition") === 1 ? inst.then : inst.otherwise, f);
    default:
      return unreachable(inst);
  }
}

function loop(inst: Extract<Inst, { kind: "loop" }>, f: Frame): void {
  const [lo, hi] = [scalar(inst.lo, f, "a bound"), scalar(inst.hi, f, "a bound")];
  const trips = Math.max(0, Math.ceil((hi - lo) / inst.step));
  const order = inst.parallel ? shuffledRange(0, trips, f.random) : Array.from({ length: trips }, (_, n) => n);
  for (const n of order) {
    f.registers[inst.variable] = [lo + n * inst.step];
    run(inst.body, f);
  }
}

// ---- memory ----

/** How many of `lanes` take part. */
function activeLanes(place: Place, lanes: number, f: Frame): number {
  if (place.active === null) return lanes;
  const active = scalar(place.active, f, "a count of active lanes");
  invariant(active >= 1 && active <= lanes, () => `${active} of ${lanes} lanes are active`);
  return active;
}

/** The subscripts of lane `n`, in the program's addressing. */
function indexOf(place: Place, n: number, f: Frame): readonly number[] {
  const last = place.index.length - 1;
  // With byte addresses a lane is as far from the next as an element is wide.
  const stride = f.memory.laneStride(place.buffer);
  return place.index.map((r, d) => {
    const at = Number(defined(laneAt(r, n, f), () => `a subscript, %${r} in ${f.fn.name},`));
    return d === last ? at + place.offset + (place.shape === "contiguous" ? n * stride : 0) : at;
  });
}

function load(dst: Reg, place: Place, f: Frame): void {
  const { elem, lanes } = typeOf(dst, f);
  const active = activeLanes(place, lanes, f);
  define(dst, f, (n) => {
    if (n >= active) return POISON;
    if (place.when !== null && defined(laneAt(place.when, n, f), "the predicate of a load") === false) {
      return elem === "bool" ? false : 0;
    }
    return f.memory.load(place.buffer, indexOf(place, n, f), elem);
  });
}

function store(value: Reg, place: Place, f: Frame): void {
  const { elem, lanes } = typeOf(value, f);
  invariant(place.when === null, "a store with a predicate");
  const active = activeLanes(place, lanes, f);
  for (let n = 0; n < active; n++) {
    const x = defined(laneAt(value, n, f), () => `a value stored to ${f.memory.at(place.buffer).buffer.name}`);
    f.memory.store(place.buffer, indexOf(place, n, f), x, elem);
  }
}
