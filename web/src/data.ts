// The content of the page, which torchdraft writes beside the script (src/torchdraft/_page/content.py).

export interface Frame {
  file: number;
  line: number;
  function: string;
  source: string;
  column: number | null;
  end: number | null;
  first: number;
  last: number;
}

export interface SourceFile {
  path: string;
  name: string;
  text: string | null;
}

export interface Part {
  text: string;
  how: string;
  file?: string;
  line?: number;
  parts?: Part[];
}

export interface Issue {
  code: string;
  name: string;
  severity: string;
  message: string;
  at: number | null;
  own: number | null;
  stack: number[];
  expr: string | null;
  value: string | null;
  symbols: { name: string; origin: string; frame: number | null }[];
  tree: Part | null;
  locals: [string, string][];
  times: number;
  node: string | null;
  modules: string[];
  instances: [string, string][];
  write: { title: string; text: string }[];
}

export interface Group {
  id: string;
  members: number[];
  times: number;
  modules: string[];
}

export interface Listing {
  name: string[];
  target: string[];
  kind: string[];
  code: string[];
  inputs: number[][];
  value: string[];
  module: string[];
  graph: string[];
  issues: number[][];
  frame: (number | null)[];
  modules: Record<string, string>;
  ranges: Record<string, string>;
}

export interface Rule {
  name: string;
  severity: string;
  sections: Record<string, string>;
}

export interface Content {
  model: string;
  summary: string;
  sound: boolean;
  cost: string;
  rung: string;
  rungs: { name: string; meaning: string }[];
  broken: { rung: string; text: string }[];
  stats: [string, string][];
  phases: [string, number][];
  versions: Record<string, string>;
  severities: { name: string; meaning: string }[];
  issues: Issue[];
  groups: Group[];
  rules: Record<string, Rule>;
  dimensions: { name: string; asked: string; got: string; reason: string }[];
  branches: { cells: string[]; kept: boolean; frame: number | null }[];
  operators: { name: string; calls: number; profiles: string[]; issues: number[] }[];
  listing: Listing | null;
  frames: Frame[];
  files: SourceFile[];
}

export const content: Content = JSON.parse(document.getElementById("content")!.textContent!);
export const { issues, groups, frames, files, listing } = content;
export const severities = content.severities.map((each) => each.name); // worst first

export const frameOf = (number: number | null): Frame | null => (number === null ? null : frames[number]);
export const head = (group: Group): Issue => issues[group.members[0]];
export const groupById = new Map(groups.map((group) => [group.id, group]));

/** Number of an issue → its group. */
export const groupOf: Group[] = [];
for (const group of groups) for (const member of group.members) groupOf[member] = group;

export const worst = (names: Iterable<string>): string => {
  const found = new Set(names);
  return severities.find((each) => found.has(each)) ?? "";
};

export const place = (frame: Frame): string => `${files[frame.file].name}:${frame.line}`;

/** `File:line` → the groups whose issues are there. */
export const groupsAtLine = new Map<string, Group[]>();
for (const group of groups) {
  const lines = new Set<string>();
  for (const member of group.members)
    for (const number of [issues[member].at, issues[member].own]) {
      const frame = frameOf(number);
      if (frame) lines.add(`${frame.file}:${frame.line}`);
    }
  for (const line of lines) groupsAtLine.set(line, [...(groupsAtLine.get(line) ?? []), group]);
}

/** `File:line` → the nodes that the line made. */
export const nodesAtLine = new Map<string, number[]>();
/** Group → the nodes that carry its issues. */
export const nodesOfGroup = new Map<Group, number[]>();
export const nodeByName = new Map<string, number>();
export const users: number[][] = [];
if (listing) {
  listing.name.forEach((name, number) => {
    if (!listing!.graph[number]) nodeByName.set(name, number);
    users.push([]);
  });
  listing.name.forEach((_, number) => {
    for (const input of listing!.inputs[number]) users[input].push(number);
    const frame = frameOf(listing!.frame[number]);
    if (frame) push(nodesAtLine, `${frame.file}:${frame.line}`, number);
    for (const issue of listing!.issues[number]) {
      const group = groupOf[issue];
      if (nodesOfGroup.get(group)?.at(-1) !== number) push(nodesOfGroup, group, number);
    }
  });
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const found = map.get(key);
  if (found) found.push(value);
  else map.set(key, [value]);
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
