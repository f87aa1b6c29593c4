/**
 * The program around a kernel that the host runs: reads the inputs from one file, row-major and one behind the other, calls
 * the kernel, writes the outputs to another. Hosted C, no part of what users get. Each array has a heap block of its own and of
 * exactly its size, so that sanitizers see an access outside.
 */
import type { MachineProgram } from "../../compiler/ir/machine.ts";
import { C_BYTES } from "./c-types.ts";
import type { CArray } from "./layout.ts";
import { layoutOf } from "./layout.ts";

const READ_AND_WRITE = `#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what)
{
  fprintf(stderr, "%s\\n", what);
  exit(3);
}

static void *block(size_t bytes)
{
  void *made = calloc(bytes, 1);
  if (made == NULL) fail("not enough memory");
  return made;
}`;

/** To be compiled behind the code of the kernel, whose top function is `top`. */
export function deviceMain(program: MachineProgram, top: string): string {
  const { inputs, outputs } = layoutOf(program);
  const all = [...inputs, ...outputs];
  const lines = [
    ...all.map((a) => `  ${a.type} *${a.name} = block(${a.bytes}u);`),
    `  FILE *from = argc == 3 ? fopen(argv[1], "rb") : NULL;`,
    `  FILE *to = argc == 3 ? fopen(argv[2], "wb") : NULL;`,
    `  if (from == NULL || to == NULL) fail("the files of the call cannot be opened");`,
    ...inputs
      .filter((a) => a.count > 0)
      .map((a) => `  if (fread(${a.name}, ${elements(a)}, from) != ${a.count}u) fail("an input is too short");`),
    `  if (fgetc(from) != EOF) fail("the inputs are too long");`,
    `  ${top}(${all.map(argument).join(", ")});`,
    ...outputs
      .filter((a) => a.count > 0)
      .map((a) => `  if (fwrite(${a.name}, ${elements(a)}, to) != ${a.count}u) fail("an output cannot be written");`),
    `  if (fclose(to) != 0) fail("the outputs cannot be written");`,
    `  fclose(from);`,
    ...all.map((a) => `  free(${a.name});`),
    `  return 0;`,
  ];
  return `${READ_AND_WRITE}\n\nint main(int argc, char **argv)\n{\n${lines.join("\n")}\n}\n`;
}

const elements = (a: CArray): string => `${C_BYTES[a.type]}u, ${a.count}u`;

/** The flat block as the array that the top function takes. */
export function argument(a: CArray): string {
  const constant = a.buffer.space === "input" ? "const " : "";
  const inner = a.extents.slice(1).map((n) => `[${n}]`);
  return `(${constant}${a.type} ${inner.length === 0 ? "*" : `(*)${inner.join("")}`})${a.name}`;
}
