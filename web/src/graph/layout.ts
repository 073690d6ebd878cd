// Positions of an item's children, level by level: each open item is laid out on its own and is a box in its parent.
import dagre from "@dagrejs/dagre";
import { listing } from "../data";
import { type Item, type Tree, about, pathOf } from "./tree";

export interface Edge {
  from: Item;
  to: Item;
  /** The nodes whose values it carries. */
  values: number[];
}

export interface Port {
  id: string;
  node: number;
  incoming: boolean;
}

export interface Box {
  item: Item;
  x: number;
  y: number;
  width: number;
  height: number;
  open: Laid | null;
}

export interface Laid {
  width: number;
  height: number;
  boxes: Box[];
  ports: { port: Port; x: number; y: number; width: number; height: number }[];
  lines: { points: { x: number; y: number }[]; label: string; x: number; y: number; from: string; to: string }[];
}

/** Height of the title of an open item. */
export const HEAD = 30;
const PAD = 14;
const MOST_PORTS = 8;
const NODE_HEIGHT = 30;

/** Item → the edges between its children, and the values that enter and leave it. */
export interface Levels {
  edges: Map<Item, Map<string, Edge>>;
  ports: Map<Item, Map<string, { port: Port; inside: Item }[]>>;
}

export function levels(tree: Tree): Levels {
  const edges = new Map<Item, Map<string, Edge>>();
  const ports = new Map<Item, Map<string, { port: Port; inside: Item }[]>>();
  listing!.inputs.forEach((inputs, number) => {
    const to = tree.ofNode[number];
    if (!to) return;
    for (const input of inputs) {
      const from = tree.ofNode[input];
      if (from) connect(pathOf(from), pathOf(to), input, edges, ports);
    }
  });
  return { edges, ports };
}

function connect(from: Item[], to: Item[], input: number, edges: Levels["edges"], ports: Levels["ports"]): void {
  let common = 0;
  while (from[common + 1] === to[common + 1] && from[common + 1]) common++;
  const [one, other] = [from[common + 1], to[common + 1]];
  if (!one || !other) return;
  const level = entry(edges, from[common], () => new Map<string, Edge>());
  const edge = entry(level, `${one.id} ${other.id}`, () => ({ from: one, to: other, values: [] as number[] }));
  if (!edge.values.includes(input)) edge.values.push(input);
  for (let at = common + 1; at < to.length - 1; at++) addPort(ports, to[at], { id: `>${input}`, node: input, incoming: true }, to[at + 1]);
  for (let at = common + 1; at < from.length - 1; at++) addPort(ports, from[at], { id: `<${input}`, node: input, incoming: false }, from[at + 1]);
}

function addPort(ports: Levels["ports"], outer: Item, port: Port, inside: Item): void {
  const found = entry(entry(ports, outer, () => new Map<string, { port: Port; inside: Item }[]>()), port.id, () => [] as { port: Port; inside: Item }[]);
  if (!found.some((each) => each.inside === inside)) found.push({ port, inside });
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = make()));
  return found;
}

export function textWidth(text: string, size = 7.3): number {
  return Math.min(text.length, 44) * size;
}

function closedSize(found: Item): { width: number; height: number } {
  if (found.kind === "node") return { width: Math.max(56, textWidth(found.title) + 24), height: NODE_HEIGHT };
  return { width: Math.max(120, textWidth(found.title) + 46, about(found).length * 6.7 + 28), height: 48 };
}

const cache = new Map<Levels, Map<string, Laid>>();

/** The positions of what is in an item. `open`: the items that show what is in them. */
export function layout(found: Item, open: Set<string>, known: Levels): Laid {
  const key = signature(found, open);
  const stored = entry(cache, known, () => new Map<string, Laid>());
  return entry(stored, key, () => laidOut(found, open, known));
}

function signature(found: Item, open: Set<string>): string {
  const inner = found.children.filter((child) => open.has(child.id)).map((child) => signature(child, open));
  return `${found.id}(${inner.join(",")})`;
}

function laidOut(found: Item, open: Set<string>, known: Levels): Laid {
  const graph = new dagre.graphlib.Graph({ multigraph: false, compound: false });
  graph.setGraph({ rankdir: "TB", nodesep: 18, ranksep: 34, edgesep: 10, marginx: PAD, marginy: PAD });
  graph.setDefaultEdgeLabel(() => ({}));
  const inner = new Map<Item, Laid>();
  for (const child of found.children) {
    if (open.has(child.id) && child.children.length) {
      const laid = layout(child, open, known);
      inner.set(child, laid);
      graph.setNode(child.id, { width: Math.max(laid.width, closedSize(child).width), height: laid.height + HEAD });
    } else graph.setNode(child.id, closedSize(child));
  }
  const ports = [...(known.ports.get(found)?.values() ?? [])];
  const shown = [...ports.filter((each) => each[0].port.incoming).slice(0, MOST_PORTS), ...ports.filter((each) => !each[0].port.incoming).slice(0, MOST_PORTS)];
  for (const uses of shown) {
    const { port } = uses[0];
    graph.setNode(port.id, { width: textWidth(listing!.name[port.node], 6.4) + 22, height: 20 });
    for (const { inside } of uses) {
      const label = valueLabel([port.node]);
      graph.setEdge(...((port.incoming ? [port.id, inside.id] : [inside.id, port.id]) as [string, string]), edgeLabel(label));
    }
  }
  for (const edge of known.edges.get(found)?.values() ?? []) graph.setEdge(edge.from.id, edge.to.id, edgeLabel(valueLabel(edge.values)));
  dagre.layout(graph);
  return collected(found, graph, inner, shown.map((uses) => uses[0].port));
}

function edgeLabel(text: string): { text: string; width: number; height: number; labelpos: string } {
  return { text, width: text ? textWidth(text, 6) + 6 : 0, height: text ? 14 : 0, labelpos: "c" };
}

function valueLabel(values: number[]): string {
  if (values.length > 1) return `${values.length} values`;
  const text = listing!.value[values[0]];
  return text.length > 30 ? `${text.slice(0, 29)}…` : text;
}

function collected(found: Item, graph: InstanceType<typeof dagre.graphlib.Graph>, inner: Map<Item, Laid>, ports: Port[]): Laid {
  const corner = (id: string) => {
    const at = graph.node(id) as { x: number; y: number; width: number; height: number };
    return { x: at.x - at.width / 2, y: at.y - at.height / 2, width: at.width, height: at.height };
  };
  const size = graph.graph() as { width?: number; height?: number };
  return {
    width: Math.max(size.width ?? 0, 60),
    height: Math.max(size.height ?? 0, 40),
    boxes: found.children.map((child) => ({ item: child, ...corner(child.id), open: inner.get(child) ?? null })),
    ports: ports.map((port) => ({ port, ...corner(port.id) })),
    lines: graph.edges().map((each: { v: string; w: string }) => {
      const edge = graph.edge(each) as unknown as { points: { x: number; y: number }[]; text: string; x?: number; y?: number };
      return { points: edge.points, label: edge.text, x: edge.x ?? 0, y: edge.y ?? 0, from: each.v, to: each.w };
    }),
  };
}
