/** JavaScript that the tables of wrappers are made of: lists with an item a line, functions of the dims. */

/** A function of the dims. */
export function overDims(values: readonly string[]): string {
  return `(d) => [${values.join(", ")}]`;
}

export function listText(items: readonly string[]): string {
  return items.length === 0 ? "[]" : `[\n${items.map((i) => `  ${i},`).join("\n")}\n]`;
}
