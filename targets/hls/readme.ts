/** The README beside a built kernel: how to call it, what was verified, and what was not. */
import type { Golden } from "./golden.ts";
import type { Layout } from "./layout.ts";

export type ReadmeFacts = {
  readonly stem: string;
  readonly top: string;
  readonly layout: Layout;
  readonly golden: Golden;
  readonly scratch: number;
  /** Does an input have a range of its own? */
  readonly ranges: boolean;
  /** Are all loop bounds constants? */
  readonly counted: boolean;
};

export function readme({ stem, top, layout, golden, scratch, ranges, counted }: ReadmeFacts): string {
  const floats = [...layout.inputs, ...layout.outputs].some((a) => a.type === "float" || a.type === "double");
  return `# ${stem}

\`${stem}.c\` and \`${stem}.h\` are the kernel: freestanding C99 without a library, \`${top}\` is its only function that others
see. \`manifest.json\` says which parameter of the kernel is which argument.

    make check

builds the testbench \`${stem}_test.c\` with all warnings as errors and with the address and undefined-behaviour sanitizers, and
runs it.

## Calling it

- Inputs first, then outputs, row-major, one array per argument; a single value is an array of one element. Arrays must not
  overlap.
- Every index is proved to lie inside its array${
    ranges ? ", provided that integers keep the ranges that the header states;\n  nothing checks them" : ""
  }.
- C99 does not turn \`float x[2][3]\` into \`const float (*)[3]\` by itself: declare inputs const, or cast.
${scratchText(scratch)}
## What the code keeps to

${counted ? "Constant loop bounds" : "Constant loop bounds but where the kernel takes a range from its inputs"}, fixed arrays with one subscript per dim,
a label on every loop and one exit from it, no recursion, no heap, no function pointers, no tables computed at run time. Signed arithmetic that could overflow where its result is not
used goes through helpers that wrap. It assumes two's complement, arithmetic right shifts (checked by \`#if\`)${
    floats ? ", IEEE floats, round to nearest,\nand a compiler without -ffast-math (checked)" : ""
  }.

## Verified

${verified(golden)}
## Not verified

- No synthesis tool has seen this code when it was generated: no claim on cycles, resources or clock.
- Compilers other than gcc and clang, and other word sizes than 32 and 64 bits.
- Values outside the stated ranges.
`;
}

function scratchText(scratch: number): string {
  if (scratch === 0) return "- It keeps no arrays of its own: calls may overlap in time.\n";
  return `- It keeps ${scratch} bytes of arrays for itself. They are static, so calls must not overlap in time; compiled with
  \`-DEINKORN_SCRATCH=\` they are on the stack, and calls may.
`;
}

function verified(golden: Golden): string {
  if (golden.kind === "none") {
    return `Nothing is compared: ${golden.reason}. \`make check\` still shows that the kernel runs without undefined behaviour.\n`;
  }
  const count = golden.outputs.reduce((n, o) => n + o.want.length, 0);
  const excused = golden.outputs.reduce((n, o) => n + (o.tolerance ?? []).filter((t) => t === Infinity).length, 0);
  const sampledText = golden.outputs.some((o) => o.stride > 1) ? ", a regular sample of large outputs" : "";
  return `\`make check\` compares ${count} output elements${sampledText} with the reference interpreter's results for one set of inputs:
integers and bools exactly, floats within 2 ulp of the largest intermediate value.${
    excused > 0
      ? ` ${excused} of them pass with any value,\nsince rounding may turn a decision that they depend on.`
      : ""
  }
`;
}
