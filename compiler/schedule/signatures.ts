/**
 * What each directive takes: the words of schedules (language reference, §6) with the kinds of their operands. The check
 * of names and arguments reads this table (check-schedule.ts); a primitive that is built answers for its row.
 */
import type { Preposition } from "../ir/directives.ts";

/**
 * What an operand names. `loop`: `C.i`, or a name that an earlier directive made; `stage`; `tensor`: a parameter or a
 * stage; `size`: a positive integer, `lanes`, a generic, `tune(…)`, or arithmetic of them; `place`: where a loop runs;
 * `index`: arithmetic over the indices of the stage; `call`: a word with arguments, checked by the primitive.
 */
export type OperandKind = "loop" | "stage" | "tensor" | "size" | "place" | "index" | "call" | readonly string[];

/** So many operands of a kind; `many` is one or more. */
export type Slot = { readonly kind: OperandKind; readonly count: number | "many" | "each" };

export type Signature = {
  /** As it is written, for messages. */
  readonly usage: string;
  readonly items: Slot | null;
  /** What `to` names behind each item. */
  readonly to?: OperandKind;
  /** Prepositions it takes; those in `required` must be there. */
  readonly prepositions?: Readonly<Partial<Record<Preposition, Slot>>>;
  readonly required?: readonly Preposition[];
  /** Names made per item by `->`: 2 for a split; "one" in all for a fusion. Its loops are gone afterwards. */
  readonly results?: 2 | "one";
  /** Words that may follow, each with the names of its arguments. */
  readonly options?: Readonly<Record<string, readonly string[]>>;
  /** One of `options` or of the prepositions must be there. */
  readonly needsOption?: boolean;
  /** Arguments behind the word itself (`auto(budget = 8)`), or of its items (`A(dim = 1)`). */
  readonly settings?: readonly string[];
};

const one = (kind: OperandKind): Slot => ({ kind, count: 1 });
const many = (kind: OperandKind): Slot => ({ kind, count: "many" });
/** As many as there are items. */
const each = (kind: OperandKind): Slot => ({ kind, count: "each" });
const TAIL = one(["guard", "pad", "shift", "exact"]);

export const DIRECTIVES: Readonly<Record<string, Signature>> = {
  split: {
    usage: "split LOOP by SIZE -> OUTER, INNER [tail guard|pad|shift|exact]",
    items: one("loop"),
    prepositions: { by: each("size"), tail: TAIL },
    required: ["by"],
    results: 2,
  },
  tile: {
    usage: "tile LOOP, LOOP by SIZE, SIZE -> OUTER, OUTER, INNER, INNER [tail guard|pad|shift|exact]",
    items: many("loop"),
    prepositions: { by: each("size"), tail: TAIL },
    required: ["by"],
    results: 2,
  },
  fuse: { usage: "fuse LOOP, LOOP -> LOOP", items: many("loop"), results: "one" },
  reorder: { usage: "reorder LOOP, LOOP, …", items: many("loop") },
  unroll: { usage: "unroll LOOP, …", items: many("loop") },
  vectorize: { usage: "vectorize LOOP", items: many("loop") },
  parallel: { usage: "parallel LOOP", items: many("loop") },
  pipeline: { usage: "pipeline LOOP [by INTERVAL]", items: one("loop"), prepositions: { by: one("size") } },
  bind: { usage: "bind LOOP to group.x|thread.x|subgroup|core|lane, …", items: many("loop"), to: "place" },
  compute: {
    usage: "compute STAGE inline | root | at LOOP",
    items: many("stage"),
    prepositions: { at: one("loop") },
    options: { inline: [], root: [] },
    needsOption: true,
  },
  cache: {
    usage: "cache TENSOR at LOOP in shared|scratch|register [pack(…)] [double]",
    items: one("tensor"),
    prepositions: { at: one("loop"), in: one(["shared", "scratch", "register"]) },
    required: ["at", "in"],
    options: { pack: ["transpose", "panel", "vector", "pad"], double: [] },
  },
  accumulate: {
    usage: "accumulate STAGE in register",
    items: one("stage"),
    prepositions: { in: one(["register"]) },
    required: ["in"],
  },
  layout: {
    usage: "layout STAGE by INDEX, …",
    items: one("tensor"),
    prepositions: { by: many("index") },
    required: ["by"],
  },
  store: {
    usage: "store TENSOR as block_csr(ROWS, COLUMNS)",
    items: one("tensor"),
    options: { as: [], block_csr: ["rows", "columns"] },
    needsOption: true,
  },
  partition: {
    usage: "partition TENSOR(dim = D, kind = cyclic|block|complete, factor = F)",
    items: one("tensor"),
    settings: ["dim", "kind", "factor"],
  },
  stream: { usage: "stream STAGE to STAGE", items: one("stage"), to: "stage" },
  dataflow: { usage: "dataflow", items: null },
  rfactor: {
    usage: "rfactor STAGE over LOOP",
    items: one("stage"),
    prepositions: { over: one("loop") },
    required: ["over"],
  },
  use: {
    usage: "use INSTRUCTION(…) at LOOP",
    items: one("call"),
    prepositions: { at: one("loop") },
    required: ["at"],
  },
  auto: { usage: "auto [(budget = N)]", items: null, settings: ["budget"] },
};

/** Where a loop of a schedule may run. */
export const PLACES: readonly string[] = "group.x group.y group.z thread.x thread.y thread.z subgroup core lane".split(
  " ",
);

/** The targets of the language; a test holds the registry of targets against it. */
export const SCHEDULED_TARGETS: readonly string[] = ["interp", "wasm", "wgsl", "native", "hls"];
