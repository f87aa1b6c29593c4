/**
 * Subscripts become one: elements from the start of the buffer (row-major), or an address in bytes. The sum starts at
 * the outermost dim, so that what an inner loop adds comes last; strides that are constants are multiplied out here.
 */
import { DTYPES } from "../../ir/dtype.ts";
import type { Expr } from "../../ir/expr.ts";
import type {
  Inst,
  MachineBuffer,
  MachineFunction,
  MachineProgram,
  MachineType,
  Place,
  Reg,
} from "../../ir/machine.ts";
import { mapBlocks } from "../../ir/walk-machine.ts";
import { InternalError, invariant, known } from "../../support/invariant.ts";
import type { Term } from "./instruction-writer.ts";
import { inRegister, InstructionWriter, number } from "./instruction-writer.ts";

export function flatten(program: MachineProgram, addressing: "linear" | "bytes"): MachineProgram {
  invariant(program.addressing === "subscripts", "flattened already");
  const buffers = new Map(program.buffers.map((b) => [b.id, b]));
  const functions = program.functions.map((fn) => flattenFunction(fn, buffers, addressing === "bytes"));
  return { ...program, addressing, functions };
}

function flattenFunction(
  fn: MachineFunction,
  buffers: ReadonlyMap<string, MachineBuffer>,
  bytes: boolean,
): MachineFunction {
  const types: MachineType[] = [...fn.types];
  return { ...fn, body: block(fn.body), types };

  function block(list: readonly Inst[]): readonly Inst[] {
    return list.flatMap((inst): readonly Inst[] => {
      if (inst.kind !== "load" && inst.kind !== "store") return [mapBlocks(inst, block)];
      const writer = new InstructionWriter(types, []);
      const place = flatPlace(inst.place, known(buffers.get(inst.place.buffer), "buffer"), writer, bytes);
      return [...writer.out, { ...inst, place }];
    });
  }
}

/** Horner's scheme: ((i0 * e1 + i1) * e2 + i2), then times the element's size, plus the base. */
function flatPlace(place: Place, buffer: MachineBuffer, writer: InstructionWriter, bytes: boolean): Place {
  const strides = stridesOf(buffer, writer);
  let sum: Term = number(0);
  for (const [d, at] of place.index.entries()) {
    sum = writer.add(sum, writer.mul(inRegister(at), known(strides[d], "stride")));
  }
  if (bytes) {
    const base = writer.register({ elem: "i32", lanes: 1 });
    writer.out.push({ kind: "base", dst: base, buffer: buffer.id });
    sum = writer.add(inRegister(base), writer.mul(sum, number(DTYPES[buffer.dtype].bytes)));
  }
  const lanes = place.shape === "gather" ? 4 : 1;
  return { ...place, index: [writer.materialise(sum, lanes)] };
}

/** Elements from one subscript to the next, per dim. */
function stridesOf(buffer: MachineBuffer, writer: InstructionWriter): readonly Term[] {
  const strides: Term[] = [];
  let stride: Term = number(1);
  for (const extent of buffer.extent.toReversed()) {
    strides.push(stride);
    stride = writer.mul(stride, dimTerm(extent, writer));
  }
  return strides.toReversed();
}

/** An extent over dims, computed where it is needed; value numbering and invariant motion bring the copies together. */
function dimTerm(e: Expr, writer: InstructionWriter): Term {
  if (e.kind === "const") return number(Number(e.value));
  if (e.kind === "var") {
    const dst = writer.register({ elem: "i32", lanes: 1 });
    writer.out.push({ kind: "dim", dst, dim: e.id });
    return inRegister(dst);
  }
  if (e.kind !== "apply") throw new InternalError(`an extent is a ${e.kind}`);
  const args = e.args.map((a) => dimTerm(a, writer));
  const [a, b] = [known(args[0], "operand"), args[1]];
  if (e.op === "add" && b !== undefined) return writer.add(a, b);
  if (e.op === "mul" && b !== undefined) return writer.mul(a, b);
  const dst: Reg = writer.register({ elem: "i32", lanes: 1 });
  const op = e.op;
  invariant(
    op === "sub" || op === "neg" || op === "max" || op === "min" || op === "floor_div" || op === "floor_mod",
    `an extent with ${op}`,
  );
  writer.out.push({ kind: "apply", dst, op, args: args.map((t) => writer.materialise(t)) });
  return inRegister(dst);
}
