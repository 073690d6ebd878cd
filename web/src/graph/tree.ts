// The hierarchy in which the graph is shown: modules, in them the source lines that made several nodes in a row, in them
// the nodes. A part with very many children gets sections, so that no part is too large to lay out.
import { type Group, type Listing, files, frameOf, groupOf, head, listing, plural, worst } from "../data";

export const MOST_CHILDREN = 60;
const LEAST_OF_LINE = 3;

export interface Item {
  id: string;
  kind: "module" | "graph" | "line" | "section" | "node";
  title: string;
  detail: string;
  parent: Item | null;
  children: Item[];
  /** The number of a node. */
  node: number;
  /** How many nodes it has. */
  size: number;
  severity: string;
  /** The groups of issues that its nodes carry. */
  groups: Set<Group>;
}

export interface Tree {
  root: Item;
  byId: Map<string, Item>;
  /** Node → its item; none for weights while they are hidden. */
  ofNode: (Item | undefined)[];
}

export function build(weights: boolean): Tree {
  const list = listing!;
  const byId = new Map<string, Item>();
  const root = item("module", "@", rootTitle(list), "", null, byId);
  const ofNode: (Item | undefined)[] = [];
  list.name.forEach((_, node) => {
    if (!weights && (list.kind[node] === "weight" || list.kind[node] === "constant")) return;
    const parent = list.graph[node] ? subgraph(list, node, root, byId) : moduleItem(list, list.module[node], root, byId);
    const leaf = item("node", `#${node}`, title(list, node), "", parent, byId);
    leaf.node = node;
    ofNode[node] = leaf;
  });
  gatherLines(root, list, byId);
  section(root, byId);
  summarize(root, list);
  return { root, byId, ofNode };
}

function rootTitle(list: Listing): string {
  return list.modules[""] ?? "program";
}

function item(kind: Item["kind"], id: string, title: string, detail: string, parent: Item | null, byId: Map<string, Item>): Item {
  const made: Item = { id, kind, title, detail, parent, children: [], node: -1, size: 0, severity: "", groups: new Set() };
  byId.set(id, made);
  parent?.children.push(made);
  return made;
}

export function moduleId(name: string): string {
  return `@${name}`;
}

function moduleItem(list: Listing, name: string, root: Item, byId: Map<string, Item>): Item {
  if (!name) return root;
  const found = byId.get(moduleId(name));
  if (found) return found;
  const dot = name.lastIndexOf(".");
  const parent = moduleItem(list, dot < 0 ? "" : name.slice(0, dot), root, byId);
  return item("module", moduleId(name), name.slice(dot + 1), list.modules[name] ?? "", parent, byId);
}

/** The box of a branch or a loop's body, in the module whose code has it. */
function subgraph(list: Listing, node: number, root: Item, byId: Map<string, Item>): Item {
  const path = list.graph[node].split(".");
  let parent = byId.get(`&${path[0]}`)?.parent ?? moduleItem(list, list.module[node], root, byId);
  let id = "&";
  for (const [at, name] of path.entries()) {
    id += at ? `.${name}` : name;
    parent = byId.get(id) ?? item("graph", id, name, "subgraph", parent, byId);
  }
  return parent;
}

export function title(list: Listing, node: number): string {
  if (list.kind[node] !== "call") return list.kind[node] === "output" ? "output" : list.name[node];
  const parts = list.target[node].split(".");
  if (parts.length < 3) return list.target[node];
  return `${parts[0] === "aten" ? "" : `${parts[0]}.`}${parts[1]}${parts[2] === "default" ? "" : `.${parts[2]}`}`;
}

/** Puts nodes that one line made in a row into an item of their own. */
function gatherLines(parent: Item, list: Listing, byId: Map<string, Item>): void {
  const old = parent.children;
  parent.children = [];
  for (let at = 0; at < old.length; ) {
    const frame = old[at].kind === "node" ? frameOf(list.frame[old[at].node]) : null;
    let end = at + 1;
    while (frame && end < old.length && old[end].kind === "node" && same(frame, frameOf(list.frame[old[end].node]))) end++;
    if (!frame || end - at < LEAST_OF_LINE || end - at === old.length) {
      parent.children.push(...old.slice(at, end));
      at = end;
      continue;
    }
    const name = files[frame.file].name.split("/").at(-1)!;
    const line = item("line", `~${old[at].node}`, sourceLine(frame.file, frame.line, frame.source) || `${name}:${frame.line}`, `${name}:${frame.line}`, parent, byId);
    for (const child of old.slice(at, end)) {
      child.parent = line;
      line.children.push(child);
    }
    at = end;
  }
  for (const child of parent.children) if (child.kind === "module" || child.kind === "graph") gatherLines(child, list, byId);
}

const same = (one: { file: number; line: number }, other: { file: number; line: number } | null): boolean =>
  !!other && one.file === other.file && one.line === other.line;

const splitTexts = new Map<number, string[]>();
export function sourceLine(file: number, line: number, source: string): string {
  if (source) return source.trim();
  const text = files[file].text;
  if (text === null) return "";
  if (!splitTexts.has(file)) splitTexts.set(file, text.split("\n"));
  return (splitTexts.get(file)![line - 1] ?? "").trim();
}

/** Divides the children of large items. */
function section(parent: Item, byId: Map<string, Item>): void {
  for (const child of parent.children) section(child, byId);
  while (parent.children.length > MOST_CHILDREN) {
    const old = parent.children;
    const length = old.length > MOST_CHILDREN * MOST_CHILDREN ? MOST_CHILDREN : Math.ceil(old.length / Math.ceil(old.length / MOST_CHILDREN));
    parent.children = [];
    for (let at = 0; at < old.length; at += length) {
      const part = old.slice(at, at + length);
      const made = item("section", `%${parent.id}/${part[0].id}`, `${edge(part[0], 0)} … ${edge(part.at(-1)!, -1)}`, "", parent, byId);
      made.children = part;
      for (const child of part) child.parent = made;
    }
  }
}

/** The title of the first or the last child, for the title of a section. */
function edge(found: Item, at: 0 | -1): string {
  if (found.kind === "section") return edge(found.children.at(at)!, at);
  return found.kind === "node" ? listing!.name[found.node] : found.title.slice(0, 24);
}

function summarize(found: Item, list: Listing): void {
  if (found.kind === "node") {
    found.size = 1;
    found.groups = new Set(list.issues[found.node].map((number) => groupOf[number]));
  }
  for (const child of found.children) {
    summarize(child, list);
    found.size += child.size;
    for (const group of child.groups) found.groups.add(group);
  }
  found.severity = worst([...found.groups].map((group) => head(group).severity));
}

/** The items from the root to one, both included. */
export function pathOf(found: Item): Item[] {
  const path = [found];
  while (path[0].parent) path.unshift(path[0].parent);
  return path;
}

/** All nodes in an item, in their order. */
export function nodesIn(found: Item): number[] {
  return found.kind === "node" ? [found.node] : found.children.flatMap(nodesIn);
}

/** The second line of a closed part. */
export function about(found: Item): string {
  const issues = found.groups.size ? plural(found.groups.size, "issue") : "";
  return [found.detail, plural(found.size, "node"), issues].filter(Boolean).join(" · ");
}
