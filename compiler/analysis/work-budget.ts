/**
 * The work that a query may take, in units of about the time that one matrix cell costs: counted, not timed, so that the
 * same program gets the same answers on every machine.
 */
export class WorkBudget {
  #left: number;
  /** Whether something was given up, for lack of budget or because a number grew too large. */
  exceeded = false;
  /** Rows combined so far: what a proof reports. */
  steps = 0;

  constructor(units: number) {
    this.#left = units;
  }

  /** Takes `units` if there are as many left. */
  spend(units: number): boolean {
    if (this.#left < units) {
      this.exceeded = true;
      return false;
    }
    this.#left -= units;
    return true;
  }

  get left(): number {
    return this.#left;
  }

  /** Runs a part of the work under a limit of its own; what it uses is taken from here. */
  within<T>(units: number, run: (part: WorkBudget) => T): T {
    const limit = Math.min(units, this.#left);
    const part = new WorkBudget(limit);
    const result = run(part);
    this.#left -= limit - part.left;
    this.steps += part.steps;
    return result;
  }
}
