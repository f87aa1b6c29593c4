/**
 * Machine code that the pipeline seldom or never makes, printed as WebAssembly and compared with the interpreter of machine
 * programs: scattered and predicated accesses, loads and locals whose use comes after a change, awkward branches and loops.
 */
import { describe, expect, test } from "vitest";
import type { DType } from "../../compiler/ir/dtype.ts";
import { interpretMachine } from "../../compiler/ir/interpret-machine.ts";
import { mul } from "../../compiler/ir/expr.ts";
import type { Inst, MachineBuffer, MachineProgram, Place, Reg } from "../../compiler/ir/machine.ts";
import { verifyMachine } from "../../compiler/ir/verify-machine.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import { runWithCanaries } from "../support/canaries.ts";
import { bool1, bool4, bufferOf, Code, f32x1, f32x4, i32x1, i32x4, place } from "../support/machine-code.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { randomArray } from "../support/nd-array.ts";

const target = wasmTarget({ relaxed: false });

/** Code with byte addresses. */
class ByteCode extends Code {
  /** The address of element `i` of a buffer of elements of so many bytes. */
  at(buffer: string, i: Reg, bytes = 4): Reg {
    const base = this.reg("i32");
    this.body.push({ kind: "base", dst: base, buffer });
    return this.apply("add", i32x1, base, this.apply("mul", i32x1, i, this.const(bytes)));
  }

  /** One address per lane. */
  lanesAt(buffer: string, lanes: Reg, bytes = 4): Reg {
    const base = this.reg("i32");
    this.body.push({ kind: "base", dst: base, buffer });
    const scaled = this.apply("mul", i32x4, lanes, this.splat(this.const(bytes)));
    return this.apply("add", i32x4, this.splat(base), scaled);
  }

  push(inst: Inst): void {
    this.body.push(inst);
  }
}

/** Runs the code, one function or several launches, both ways on random inputs and expects the same. */
async function expectSame(code: ByteCode | readonly ByteCode[], buffers: readonly MachineBuffer[]): Promise<void> {
  const functions = [code].flat().map((launch, n) => ({ ...launch.finish(), name: `nest${n}` }));
  const program: MachineProgram = { kernel: "k", addressing: "bytes", dims: [], buffers, functions };
  expect(verifyMachine(program)).toEqual([]);
  const inputs = new Map(
    buffers
      .filter((b) => b.space === "input")
      .map((b, n) => [b.id, randomArray(b.dtype, b.extent.map(extentOf), 5 + n)] as const),
  );
  const expected = [...interpretMachine(program, inputs, new Map()).values()];
  const { outputs, damaged } = await runWithCanaries(await target.emit(program), inputs, new Map());
  expect(damaged).toEqual([]);
  expect(outputs.map((o) => o.data)).toEqual(expected.map((e) => e.data));
}

const extentOf = (e: MachineBuffer["extent"][number]): number => (e.kind === "const" ? Number(e.value) : 0);
const X = bufferOf("X", "f32", [8], "input");
const Y = bufferOf("Y", "f32", [8], "output");

/** Sets all of Y to 0, so that every element is defined. */
function clear(code: ByteCode, dtype: DType = "f32", bytes = 4): void {
  const zero = code.const(0, dtype === "f32" ? "f32" : "i32");
  for (let i = 0; i < 8; i++) code.store(zero, place("Y", "scalar", [code.at("Y", code.const(i), bytes)]));
}

const lanes = (code: ByteCode, ...of: readonly [number, number, number, number]): Reg => {
  const dst = code.reg("i32", 4);
  const args = of.map((n) => code.const(n));
  code.push({ kind: "pack", dst, args });
  return dst;
};

describe("accesses", () => {
  test.each([
    ["f32", 4],
    ["i32", 4],
    ["u16", 2],
    ["i8", 1],
  ] as const)("scattered and gathered %s", async (dtype, bytes) => {
    const type = dtype === "f32" ? f32x4 : i32x4;
    for (const active of [null, 1, 2, 3, 4]) {
      const code = new ByteCode();
      clear(code, dtype, bytes);
      const count = active === null ? null : code.const(active);
      const x = code.load(
        type,
        place("X", "gather", [code.lanesAt("X", lanes(code, 3, 1, 7, 0), bytes)], { active: count }),
      );
      code.store(x, place("Y", "gather", [code.lanesAt("Y", lanes(code, 6, 0, 5, 2), bytes)], { active: count }));
      await expectSame(code, [bufferOf("X", dtype, [8], "input"), bufferOf("Y", dtype, [8], "output")]);
    }
  });

  test("an idle lane's address may be anything", async () => {
    const code = new ByteCode();
    clear(code);
    const wild = lanes(code, 2, 5, 100_000_000, -7);
    const x = code.load(f32x4, place("X", "gather", [code.lanesAt("X", wild)], { active: code.const(2) }));
    code.store(x, place("Y", "contiguous", [code.at("Y", code.const(1))], { active: code.const(2) }));
    await expectSame(code, [X, Y]);
  });

  test.each(["f32", "i16", "u8"] as const)("predicates of %s, scalar and per lane", async (dtype) => {
    const bytes = { f32: 4, i16: 2, u8: 1 }[dtype];
    const type = dtype === "f32" ? f32x4 : i32x4;
    for (const shape of ["contiguous", "gather"] as const) {
      for (const pattern of [0b0000, 0b1111, 0b0101, 0b1000]) {
        const code = new ByteCode();
        clear(code, dtype, bytes);
        const mask = code.reg("bool", 4);
        const bits = [0, 1, 2, 3].map((n) => code.const((pattern >> n) % 2 === 1, "bool"));
        code.push({ kind: "pack", dst: mask, args: bits });
        const whole = code.const(pattern === 0b1111, "bool");
        // Where a predicate is false the address is far outside.
        const far = code.const(pattern === 0b1111 ? 1 : 50_000_000);
        const at = (start: Reg): Reg =>
          shape === "contiguous" ? code.at("X", start, bytes) : code.lanesAt("X", code.ramp(start), bytes);
        const x = code.load(type, place("X", shape, [at(code.const(2))], { when: mask }));
        const z = code.load(type, place("X", shape, [at(far)], { when: whole }));
        code.store(x, place("Y", "contiguous", [code.at("Y", code.const(0), bytes)]));
        code.store(z, place("Y", "contiguous", [code.at("Y", code.const(4), bytes)]));
        await expectSame(code, [bufferOf("X", dtype, [8], "input"), bufferOf("Y", dtype, [8], "output")]);
      }
    }
  });

  test("offsets count, also behind a predicate", async () => {
    const code = new ByteCode();
    clear(code);
    const yes = code.const(true, "bool");
    const here = code.at("X", code.const(1));
    const all: Partial<Place>[] = [{}, { when: yes }];
    for (const [n, more] of all.entries()) {
      const x = code.load(f32x1, place("X", "scalar", [here], { offset: 8, ...more }));
      code.store(x, place("Y", "scalar", [code.at("Y", code.const(n))], { offset: 4 }));
    }
    const spread = code.load(f32x4, place("X", "gather", [code.lanesAt("X", lanes(code, 3, 0, 1, 2))], { offset: 16 }));
    code.store(spread, place("Y", "gather", [code.lanesAt("Y", lanes(code, 3, 1, 0, 2))], { offset: 16 }));
    await expectSame(code, [X, Y]);
  });
});

describe("what is used later than it was written", () => {
  test("a load is of what memory held then", async () => {
    const code = new ByteCode();
    clear(code);
    const zero = code.const(0);
    code.store(code.const(5, "f32"), place("Y", "scalar", [code.at("Y", zero)]));
    const before = code.load(f32x1, place("Y", "scalar", [code.at("Y", zero)]));
    const twice = code.apply("add", f32x1, before, code.const(1, "f32"));
    code.store(code.const(9, "f32"), place("Y", "scalar", [code.at("Y", zero)]));
    code.store(twice, place("Y", "scalar", [code.at("Y", code.const(1))]));
    await expectSame(code, [X, Y]);
  });

  test("a load is of what memory held before a loop or a branch", async () => {
    for (const kind of ["loop", "if"] as const) {
      const code = new ByteCode();
      clear(code);
      const before = code.load(f32x1, place("Y", "scalar", [code.at("Y", code.const(3))]));
      const change = (): void => code.store(code.const(7, "f32"), place("Y", "scalar", [code.at("Y", code.const(3))]));
      if (kind === "loop") code.loop(code.const(2), 1, change);
      else code.push({ kind: "if", cond: code.const(true, "bool"), then: code.block(change), otherwise: [] });
      code.store(before, place("Y", "scalar", [code.at("Y", code.const(4))]));
      await expectSame(code, [X, Y]);
    }
  });

  test("a local's value is that of the time of its get", async () => {
    const code = new ByteCode();
    clear(code);
    const local = code.locals.push({ elem: "f32", lanes: 1 }) - 1;
    code.push({ kind: "declare", local, init: code.const(2, "f32") });
    const [early, late] = [code.reg("f32"), code.reg("f32")];
    code.push({ kind: "get", dst: early, local });
    const sum = code.apply("mul", f32x1, early, code.const(10, "f32"));
    code.push({ kind: "set", local, value: code.const(3, "f32") });
    code.push({ kind: "get", dst: late, local });
    code.store(code.apply("add", f32x1, sum, late), place("Y", "scalar", [code.at("Y", code.const(0))]));
    await expectSame(code, [X, Y]);
  });

  test("a scalar that was loaded for a splat keeps its lanes over a store", async () => {
    const code = new ByteCode();
    clear(code);
    const x = code.load(f32x1, place("Y", "scalar", [code.at("Y", code.const(2))]));
    code.store(code.const(4, "f32"), place("Y", "scalar", [code.at("Y", code.const(2))]));
    code.store(code.splat(x), place("Y", "contiguous", [code.at("Y", code.const(4))]));
    await expectSame(code, [X, Y]);
  });
});

describe("control", () => {
  test("loops run as often as they say, also not at all", async () => {
    for (const hi of [-3, 0, 1, 4]) {
      const code = new ByteCode();
      clear(code);
      const local = code.locals.push({ elem: "i32", lanes: 1 }) - 1;
      code.push({ kind: "declare", local, init: code.const(0) });
      const limit = code.apply("add", i32x1, code.const(hi), code.const(0));
      code.loop(limit, 1, (v) => {
        const old = code.reg("i32");
        code.push({ kind: "get", dst: old, local });
        code.push({
          kind: "set",
          local,
          value: code.apply("add", i32x1, old, code.apply("add", i32x1, v, code.const(1))),
        });
      });
      const total = code.reg("i32");
      code.push({ kind: "get", dst: total, local });
      code.store(total, place("Z", "scalar", [code.at("Z", code.const(0))]));
      await expectSame(code, [X, Y, bufferOf("Z", "i32", [1], "output")]);
    }
  });

  test("both sides of a branch, and values of bools", async () => {
    const code = new ByteCode();
    clear(code);
    code.loop(code.const(8), 1, (v) => {
      const x = code.load(f32x1, place("X", "scalar", [code.at("X", v)]));
      const cond = code.apply("lt", bool1, x, code.const(0, "f32"));
      const store = (value: number) => () =>
        code.store(code.const(value, "f32"), place("Y", "scalar", [code.at("Y", v)]));
      code.push({ kind: "if", cond, then: code.block(store(-1)), otherwise: code.block(store(1)) });
    });
    await expectSame(code, [X, Y]);
  });

  test("masks select, extract and count as bools", async () => {
    const code = new ByteCode();
    clear(code);
    const x = code.load(f32x4, place("X", "contiguous", [code.at("X", code.const(0))]));
    const y = code.load(f32x4, place("X", "contiguous", [code.at("X", code.const(4))]));
    const mask = code.apply("lt", bool4, x, y);
    const [picked, lane, number] = [code.reg("f32", 4), code.reg("bool"), code.reg("i32", 4)];
    code.push({ kind: "select", dst: picked, cond: code.apply("not", bool4, mask), yes: x, no: y });
    code.push({ kind: "extract", dst: lane, arg: mask, lane: 2 });
    code.push({ kind: "select", dst: number, cond: lane, yes: lanes(code, 1, 2, 3, 4), no: lanes(code, 5, 6, 7, 8) });
    const again = code.apply("eq", bool4, mask, code.splat(lane));
    const floats = code.reg("f32", 4);
    code.push({ kind: "select", dst: floats, cond: again, yes: x, no: code.splat(code.const(0.5, "f32")) });
    code.store(picked, place("Y", "contiguous", [code.at("Y", code.const(0))]));
    code.store(floats, place("Y", "contiguous", [code.at("Y", code.const(4))]));
    code.store(number, place("Z", "contiguous", [code.at("Z", code.const(0))]));
    await expectSame(code, [X, Y, bufferOf("Z", "i32", [4], "output")]);
  });

  test("lanes shift by amounts of their own", async () => {
    const code = new ByteCode();
    const x = code.load(i32x4, place("I", "contiguous", [code.at("I", code.const(0))]));
    const amounts = lanes(code, 0, 3, 17, 30);
    for (const [n, op] of (["shl", "shr"] as const).entries()) {
      code.store(
        code.apply(op, i32x4, code.apply("bit_and", i32x4, x, code.splat(code.const(1))), amounts),
        place("Z", "contiguous", [code.at("Z", code.const(4 * n))]),
      );
    }
    await expectSame(code, [bufferOf("I", "i32", [4], "input"), bufferOf("Z", "i32", [8], "output")]);
  });
});

test("loops inside loops that are long by their bounds do not upset the length of strips", async () => {
  // Four nested loops of a million iterations each, twice, of which a condition lets none run.
  const code = new ByteCode();
  clear(code);
  const many = code.apply("add", i32x1, code.const(1_000_000), code.const(0));
  const none = code.apply("sub", i32x1, many, many);
  const nest = (depth: number): void => {
    if (depth === 0) code.store(code.const(9, "f32"), place("Y", "scalar", [code.at("Y", code.const(7))]));
    else code.loop(many, 1, () => nest(depth - 1));
  };
  code.loop(code.apply("add", i32x1, code.const(40), none), 1, (v) => {
    code.loop(none, 1, () => {
      nest(3);
      nest(3);
    });
    const f = code.reg("f32");
    code.push({ kind: "convert", dst: f, mode: "exact", arg: v });
    code.store(f, place("Y", "scalar", [code.at("Y", code.const(3))]));
  });
  await expectSame(code, [X, Y]);
});

test("launches take more buffers than engines allow parameters", async () => {
  const ids = Array.from({ length: 1200 }, (_, n) => `S${n}`);
  const [fills, sums] = [new ByteCode(), new ByteCode()];
  const at = (code: ByteCode, id: string): Place => place(id, "scalar", [code.at(id, code.const(0))]);
  for (const [n, id] of ids.entries()) {
    const x = fills.load(f32x1, place("X", "scalar", [fills.at("X", fills.const(n % 8))]));
    fills.store(fills.apply("add", f32x1, x, fills.const(n, "f32")), at(fills, id));
  }
  clear(sums);
  const local = sums.locals.push(f32x1) - 1;
  sums.push({ kind: "declare", local, init: sums.const(0, "f32") });
  for (const id of ids) {
    const sum = sums.reg("f32");
    sums.push({ kind: "get", dst: sum, local });
    sums.push({ kind: "set", local, value: sums.apply("add", f32x1, sum, sums.load(f32x1, at(sums, id))) });
  }
  const all = sums.reg("f32");
  sums.push({ kind: "get", dst: all, local });
  sums.store(all, place("Y", "scalar", [sums.at("Y", sums.const(5))]));
  const scratch = ids.map((id) => bufferOf(id, "f32", [1], "scratch", { first: 0, last: 1 }));
  await expectSame([fills, sums], [X, Y, ...scratch]);
});

test("addresses past 2^31 are addresses", async () => {
  const k = new KernelBuilder("far");
  const n = k.dim("N");
  const [a, b] = [k.param("A", "f32", [n, n]), k.param("B", "f32", [n, n])];
  k.output(k.stage("C", { i: n, j: n }, (i, j) => k.reduce("sum", { q: n }, (q) => mul(a.at(i, q), b.at(q, j)))));
  const { code } = await target.emit(lowerToMachine(k.build(), target));
  if (typeof code === "string") throw new Error("a module is bytes");
  // Memory that nobody touches costs nothing.
  const memory = new WebAssembly.Memory({ initial: 50_000, maximum: 65_536 });
  const { instance } = await WebAssembly.instantiate(new Uint8Array(code), { env: { memory } });
  const { run } = instance.exports;
  if (typeof run !== "function") throw new Error("the module exports no run");
  const [start, size] = [2 ** 31 - 64, 11];
  const view = (m: number): Float32Array => new Float32Array(memory.buffer, start + 4096 * m, size * size);
  for (const m of [0, 1]) view(m).set(Array.from({ length: size * size }, (_, i) => (i % 5) - 2 * m));
  const words = [start, start + 4096, start + 8192, size];
  new Int32Array(memory.buffer, start + 12_288, words.length).set(words);
  run(start + 12_288);
  const expected = Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return Array.from({ length: size }, (__, q) => (view(0)[i * size + q] ?? 0) * (view(1)[q * size + j] ?? 0)).reduce(
      (sum, x) => sum + x,
    );
  });
  expect([...view(2)]).toEqual(expected);
});
