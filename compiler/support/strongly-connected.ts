/**
 * Strongly connected components of a small directed graph (Tarjan 1972), in topological order of what depends on what:
 * a component comes after everything that it has edges to. Iterative, as chains of equations may be long.
 */

/** `edges(n)` are the nodes that n depends on, as indices below `count`; each component lists its nodes in index order. */
export function stronglyConnected(
  count: number,
  edges: (node: number) => Iterable<number>,
): readonly (readonly number[])[] {
  const order = Array.from({ length: count }, () => -1);
  const low = Array.from({ length: count }, () => 0);
  const onStack = Array.from({ length: count }, () => false);
  const stack: number[] = [];
  const components: (readonly number[])[] = [];
  let next = 0;
  type Frame = { readonly node: number; readonly targets: readonly number[]; at: number };
  const enter = (node: number): Frame => {
    order[node] = next;
    low[node] = next++;
    stack.push(node);
    onStack[node] = true;
    return { node, targets: [...edges(node)], at: 0 };
  };
  for (let root = 0; root < count; root++) {
    if (order[root] !== -1) continue;
    const frames: Frame[] = [enter(root)];
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const target = frame.targets[frame.at++];
      if (target !== undefined) {
        if (order[target] === -1) frames.push(enter(target));
        else if (onStack[target] === true) low[frame.node] = Math.min(low[frame.node] ?? 0, order[target] ?? 0);
        continue;
      }
      frames.pop();
      const parent = frames.at(-1);
      if (parent !== undefined) low[parent.node] = Math.min(low[parent.node] ?? 0, low[frame.node] ?? 0);
      if (low[frame.node] !== order[frame.node]) continue;
      const component = stack.splice(stack.indexOf(frame.node));
      for (const n of component) onStack[n] = false;
      components.push(component.toSorted((a, b) => a - b));
    }
  }
  return components;
}
