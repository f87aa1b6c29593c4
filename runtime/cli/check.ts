/** `einkorn check FILE…`: parse, types, bounds; says of each access how it was proved. */
import type { AccessProof } from "../../compiler/passes/prove/proof.ts";
import { proveKernelOf } from "../../compiler/compile.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { positionOf } from "../../compiler/support/source.ts";
import { openProgram } from "./program-file.ts";
import type { Outcome } from "./report.ts";

export async function check(files: readonly string[]): Promise<Outcome> {
  const diagnostics = new Diagnostics();
  const text: string[] = [];
  const result: unknown[] = [];
  for (const argument of files) {
    const file = await openProgram(argument, diagnostics);
    const kernels: unknown[] = [];
    for (const { name, checked } of file?.program.kernels ?? []) {
      if (file === null || (argument !== file.path && !file.kernels.includes(name))) continue;
      if (!checked) {
        text.push(`${file.path}: ${name}: has a generic without a default; checked where it is called`);
        kernels.push({ name, ok: true, dims: [], accesses: [] });
        continue;
      }
      const proved = proveKernelOf(file.program, name, {}, diagnostics);
      if (proved === null) {
        kernels.push({ name, ok: false });
        continue;
      }
      kernels.push({
        name,
        ok: true,
        dims: proved.kernel.dims.map((d) => d.name),
        accesses: proved.proofs.map(proofRow),
      });
      text.push(`${file.path}: ${name}: ${count(proved.proofs.length, "access", "accesses")} proved`);
    }
    result.push({ file: argument, kernels });
  }
  return { diagnostics: diagnostics.list, text, result };
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}

function proofRow(p: AccessProof): unknown {
  const { span, ...rest } = p;
  return { ...rest, file: span.source.name, ...positionOf(span.source, span.start) };
}
