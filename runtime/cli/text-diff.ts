/** The differences of two short texts, line by line, for `explain --diff`. */

/** Lines of two texts with `-` and `+`, by their longest common subsequence; large texts are compared by their ends only. */
export function differences(before: readonly string[], after: readonly string[]): readonly string[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  const middle = a.length * b.length > 4_000_000 ? [...a.map((l) => `- ${l}`), ...b.map((l) => `+ ${l}`)] : align(a, b);
  return [...same(before.slice(0, start)), ...middle, ...same(before.slice(before.length - end))];
}

function same(lines: readonly string[]): readonly string[] {
  return lines.map((l) => `  ${l}`);
}

function align(a: readonly string[], b: readonly string[]): readonly string[] {
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i]}`);
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) lines.push(`- ${a[i++]}`);
    else lines.push(`+ ${b[j++]}`);
  }
  return lines;
}
