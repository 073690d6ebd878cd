// Which groups of issues are listed: the filters are part of the address.
import { type Group, files, frameOf, groups, head, issues } from "./data";

export const FIELDS = ["severity", "code", "file", "module"] as const;
export type Field = (typeof FIELDS)[number];

/** The values of a group that a filter asks for. */
export function valuesOf(group: Group, field: Field): string[] {
  const first = head(group);
  if (field === "severity") return [first.severity];
  if (field === "code") return [first.code];
  if (field === "module") return group.modules.length ? group.modules : ["(root)"];
  const frame = frameOf(first.own ?? first.at);
  return [frame ? files[frame.file].name : "(no line)"];
}

function searchable(group: Group): string {
  return group.members
    .map((number) => {
      const issue = issues[number];
      const symbols = issue.symbols.map((each) => `${each.name} ${each.origin}`);
      return [issue.code, issue.name, issue.message, issue.expr, issue.value, issue.node, ...issue.modules, ...symbols].join(" ");
    })
    .concat(valuesOf(group, "file"))
    .join("\n")
    .toLowerCase();
}

const texts = new Map<Group, string>();

function contains(group: Group, words: string[]): boolean {
  let text = texts.get(group);
  if (text === undefined) texts.set(group, (text = searchable(group)));
  return words.every((word) => text.includes(word));
}

/** The groups that the filters let through. `without`: a filter that is left out, to count what it would give. */
export function filtered(query: URLSearchParams, without?: Field): Group[] {
  const words = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return groups.filter(
    (group) =>
      FIELDS.every((field) => {
        const wanted = field === without ? [] : query.getAll(field);
        return !wanted.length || valuesOf(group, field).some((value) => wanted.includes(value));
      }) && contains(group, words),
  );
}

/** Value of a filter → how many groups it would list. */
export function choices(query: URLSearchParams, field: Field): Map<string, number> {
  const counts = new Map<string, number>();
  for (const group of groups) for (const value of valuesOf(group, field)) counts.set(value, 0);
  for (const group of filtered(query, field))
    for (const value of valuesOf(group, field)) counts.set(value, counts.get(value)! + 1);
  return counts;
}

export function toggled(query: URLSearchParams, field: Field, value: string): URLSearchParams {
  const next = new URLSearchParams(query);
  const had = next.getAll(field);
  next.delete(field);
  for (const each of had.includes(value) ? had.filter((one) => one !== value) : [...had, value]) next.append(field, each);
  return next;
}
