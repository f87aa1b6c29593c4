/**
 * Reads the part of YAML that workflow files of documentation are written in: nested maps and lists in blocks, plain and
 * double-quoted scalars. Whatever else stands in the text is an error, a tab and a key that is there twice included.
 */
export type Yaml = string | null | readonly Yaml[] | { readonly [key: string]: Yaml };

type Line = { readonly indent: number; readonly text: string };

export function parseYaml(text: string): Yaml {
  const lines = text.split("\n").flatMap((raw): readonly Line[] => {
    if (raw.includes("\t")) throw new Error(`a tab: ${raw}`);
    const trimmed = raw.trimEnd();
    if (trimmed.trimStart() === "" || trimmed.trimStart().startsWith("#")) return [];
    return [{ indent: trimmed.length - trimmed.trimStart().length, text: trimmed.trimStart() }];
  });
  const [value, rest] = block(lines, 0);
  if (rest.length > 0) throw new Error(`not of the form of its neighbours: ${rest[0]?.text}`);
  return value;
}

type Parsed = readonly [Yaml, readonly Line[]];

/** A map or a list whose lines have one indentation, at least `least`; null where there is none. */
function block(lines: readonly Line[], least: number): Parsed {
  const [first] = lines;
  if (first === undefined || first.indent < least) return [null, lines];
  return first.text.startsWith("- ") ? list(lines, first.indent) : map(lines, first.indent);
}

function list(lines: readonly Line[], indent: number): Parsed {
  const items: Yaml[] = [];
  let rest = lines;
  for (let [line] = rest; line !== undefined && line.indent === indent && line.text.startsWith("- "); [line] = rest) {
    const inner = { indent: indent + 2, text: line.text.slice(2) };
    if (!isEntry(inner.text)) {
      items.push(scalar(inner.text));
      rest = rest.slice(1);
      continue;
    }
    const [value, after] = map([inner, ...rest.slice(1)], indent + 2);
    items.push(value);
    rest = after;
  }
  return [items, rest];
}

const ENTRY = /^([A-Za-z][\w-]*):(?: (.+))?$/;

function isEntry(text: string): boolean {
  return ENTRY.test(text);
}

function map(lines: readonly Line[], indent: number): Parsed {
  const entries = new Map<string, Yaml>();
  let rest = lines;
  for (let [line] = rest; line !== undefined && line.indent === indent; [line] = rest) {
    const [, key, inline] = ENTRY.exec(line.text) ?? [];
    if (key === undefined) throw new Error(`neither a list nor a map: ${line.text}`);
    if (entries.has(key)) throw new Error(`${key} is there twice`);
    const [value, after] = inline === undefined ? block(rest.slice(1), indent + 1) : [scalar(inline), rest.slice(1)];
    entries.set(key, value);
    rest = after;
  }
  if ((rest[0]?.indent ?? 0) > indent) throw new Error(`too far to the right: ${rest[0]?.text}`);
  return [Object.fromEntries(entries), rest];
}

function scalar(text: string): string {
  if (/^"[^"\\]*"$/.test(text)) return text.slice(1, -1);
  // What YAML would read as something else than this text.
  if (/^[-?:,[\]{}#&*!|>'"%@`]|: | #/.test(text)) throw new Error(`this needs quotes, or is no plain text: ${text}`);
  return text;
}
