/**
 * No branch on a program's name: what an example or the standard library calls something is no text that the compiler,
 * the targets and the runtime could compare a name with. A compiler that recognises `matmul` is fast on `matmul` only;
 * whatever it recognises, it must recognise by structure.
 *
 * A name of several words or with digits (`max_pool`, `conv2d`) is nobody else's: it occurs nowhere, neither in an
 * identifier nor in a text, but for messages, which are texts with spaces. A name that is one word (`flip`, `block`) is
 * also a word of English or of mathematics, which code may use: nothing is compared with it as a text. Words that the code
 * declares in its own types (`kind: "block"`) are its own: what is compared with them is no name of a program.
 */
import type { SourceFile, Word } from "./source-tree.ts";

/** Names that a program gives to kernels, functions, reducers and derived kernels. */
export function namesIn(program: string): readonly string[] {
  const code = program.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  return [...code.matchAll(/\b(?:kernel|fn|reducer|derive)\s+([A-Za-z_]\w*)/g)].flatMap((match) => match[1] ?? []);
}

/** Names below this many letters say too little to search for inside of others. */
const SHORTEST_NAME = 4;

/** A name and where it occurs. `maxPool`, `MAX_POOL` and `isMaxPool` are all `max_pool`. */
export type Occurrence = { readonly name: string; readonly path: string; readonly line: number; readonly text: string };

export function occurrences(files: readonly SourceFile[], names: readonly string[]): readonly Occurrence[] {
  const oneWord = new Set(names.filter(isOneWord));
  const several = names
    .filter((name) => !oneWord.has(name) && name.length >= SHORTEST_NAME)
    .map((name) => ({ name, key: keyOf(name) }));
  const inside = (text: string, path: string, line: number): readonly Occurrence[] =>
    text
      .split(/[^A-Za-z0-9_]+/)
      .filter((token) => token !== "")
      .flatMap((token) => {
        const key = keyOf(token);
        return several.filter((name) => key.includes(name.key)).map(({ name }) => ({ name, path, line, text: token }));
      });
  const declared = new Set(files.flatMap((f) => f.words.filter((w) => w.use === "declared").map((w) => w.text)));
  const whole = (word: Word, path: string): readonly Occurrence[] => {
    const name = /^(?:\^|\\b)?([A-Za-z]+)(?:\$|\\b)?$/.exec(word.text)?.[1] ?? "";
    if (word.use !== "compared" || !oneWord.has(name) || declared.has(name)) return [];
    return [{ name, path, line: word.line, text: JSON.stringify(word.text) }];
  };
  return files.flatMap((file) => [
    ...inside(file.path.replaceAll("-", "_"), file.path, 1),
    ...file.words
      .filter((word) => !isMessage(word))
      .flatMap((word) => [...inside(word.text, file.path, word.line), ...whole(word, file.path)]),
  ]);
}

const isOneWord = (name: string): boolean => /^[A-Za-z]+$/.test(name) && keyOf(name).split("|").length === 3;

/** No name has a space in it, so nothing is compared with such a text. */
const isMessage = (word: Word): boolean => word.isText && /[^\s]\s+[^\s]/.test(word.text);

/** The words of a name between bars, so that a whole run of words is found by `includes`. */
function keyOf(name: string): string {
  const words = name.match(/[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+/g) ?? [];
  return `|${words.map((word) => word.toLowerCase()).join("|")}|`;
}
