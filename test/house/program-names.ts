/**
 * No branch on a kernel's name: what an example or the standard library calls something occurs nowhere in the compiler,
 * the targets and the runtime, neither in an identifier nor in a text. A compiler that recognises `matmul` is fast on
 * `matmul` only; whatever it recognises, it must recognise by structure.
 */
import type { SourceFile } from "./source-tree.ts";

/** Names that a program gives to kernels, functions, reducers and derived kernels. */
export function namesIn(program: string): readonly string[] {
  const code = program.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  return [...code.matchAll(/\b(?:kernel|fn|reducer|derive)\s+([A-Za-z_]\w*)/g)].flatMap((match) => match[1] ?? []);
}

/** Names below this many letters say too little to search for. */
const SHORTEST_NAME = 4;

/** A name and where it occurs. `maxPool`, `MAX_POOL` and `isMaxPool` are all `max_pool`. */
export type Occurrence = { readonly name: string; readonly path: string; readonly line: number; readonly text: string };

export function occurrences(files: readonly SourceFile[], names: readonly string[]): readonly Occurrence[] {
  const wanted = names.filter((name) => name.length >= SHORTEST_NAME).map((name) => ({ name, key: keyOf(name) }));
  const search = (text: string, path: string, line: number): readonly Occurrence[] =>
    text
      .split(/[^A-Za-z0-9_]+/)
      .filter((token) => token !== "")
      .flatMap((token) => {
        const key = keyOf(token);
        return wanted.filter((name) => key.includes(name.key)).map(({ name }) => ({ name, path, line, text: token }));
      });
  return files.flatMap((file) => [
    ...search(file.path.replaceAll("-", "_"), file.path, 1),
    ...file.words.flatMap((word) => search(word.text, file.path, word.line)),
  ]);
}

/** The words of a name between bars, so that a whole run of words is found by `includes`. */
function keyOf(name: string): string {
  const words = name.match(/[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+/g) ?? [];
  return `|${words.map((word) => word.toLowerCase()).join("|")}|`;
}
