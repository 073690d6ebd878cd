// The list of causes, its filters, and the selected one beside it.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Severity } from "./controls";
import { type Group, content, files, frameOf, groupById, head, issues, plural, severities } from "./data";
import { type Field, choices, filtered, toggled, valuesOf } from "./filters";
import { GroupDetail } from "./issue";
import { type Route, address, go } from "./route";

const HEADINGS = ["severity", "file", "code", "module", "origin"] as const;

export function IssuesView({ route }: { route: Route }) {
  const { query } = route;
  const shown = useMemo(() => filtered(query), [query.toString()]);
  const ordered = useMemo(() => inSections(shown, query.get("by") ?? "severity"), [shown, query.get("by")]);
  const flat = ordered.flatMap(([, found]) => found);
  const chosen = groupById.get(route.rest);
  const selected = chosen ?? flat[0];
  useKeys(flat, selected, query);
  return (
    <div class={`issues ${chosen ? "chosen" : ""}`}>
      <div class="list">
        <Filters query={query} count={shown.length} />
        <nav aria-label="Issues" class="rows">
          {ordered.map(([title, found]) => (
            <div key={title} class="group">
              <h2>
                {title} <span class="dim">{found.length}</span>
              </h2>
              {found.map((group) => (
                <Row key={group.id} group={group} query={query} selected={group === selected} />
              ))}
            </div>
          ))}
          {!flat.length && <Nothing query={query} />}
        </nav>
      </div>
      <div class="detail" id="detail" tabIndex={-1}>
        {chosen && (
          <a class="back" href={address("issues", "", query)}>
            ← All issues
          </a>
        )}
        {selected && <GroupDetail key={selected.id} group={selected} />}
      </div>
    </div>
  );
}

function Nothing({ query }: { query: URLSearchParams }) {
  if (!issues.length) return <p class="empty">Nothing to report: the program is sound.</p>;
  const by = query.get("by");
  return (
    <p class="empty">
      No issue matches. <a href={address("issues", "", new URLSearchParams(by ? { by } : {}))}>Clear the filters</a>
    </p>
  );
}

export function Row({ group, query, selected }: { group: Group; query?: URLSearchParams; selected?: boolean }) {
  const issue = head(group);
  const frame = frameOf(issue.own ?? issue.at);
  return (
    <a class={`row ${issue.severity}`} href={address("issues", group.id, query)} aria-current={selected ? "true" : undefined}>
      <Severity name={issue.severity} short />
      <span class="code">{issue.code}</span>
      <span class="rule">{issue.name}</span>
      <span class="what">{issue.expr ?? issue.message}</span>
      <span class="times">{group.times > 1 ? `×${group.times}` : ""}</span>
      <span class="at">
        {frame ? `${files[frame.file].name.split("/").at(-1)}:${frame.line}` : issue.name}
      </span>
    </a>
  );
}

function inSections(shown: Group[], by: string): [string, Group[]][] {
  const sections = new Map<string, Group[]>();
  const add = (title: string, group: Group) => sections.set(title, [...(sections.get(title) ?? []), group]);
  for (const group of shown) {
    if (by === "origin") add(origin(group), group);
    else if (by === "code") add(`${head(group).code} ${head(group).name}`, group);
    else if (by === "file" || by === "module") add(valuesOf(group, by)[0], group);
    else add(head(group).severity, group);
  }
  const found = [...sections];
  if (by === "severity") found.sort((a, b) => severities.indexOf(a[0]) - severities.indexOf(b[0]));
  if (by === "origin") found.sort((a, b) => b[1].length - a[1].length);
  return found;
}

/** Where the symbols of a group's conditions come from. */
function origin(group: Group): string {
  const origins = [...new Set(head(group).symbols.map((each) => each.origin))].sort();
  return origins.join(", ") || "no symbols";
}

function Filters({ query, count }: { query: URLSearchParams; count: number }) {
  const box = useRef<HTMLInputElement>(null);
  const search = (text: string) => {
    const next = new URLSearchParams(query);
    if (text) next.set("q", text);
    else next.delete("q");
    go(address("issues", "", next), true);
  };
  const active = ["severity", "code", "file", "module", "q"].some((name) => query.has(name));
  return (
    <div class="filters">
      <input
        ref={box}
        type="search"
        id="search"
        aria-label="Search issues"
        placeholder="Search issues  ( / )"
        value={query.get("q") ?? ""}
        onInput={(event) => search(event.currentTarget.value)}
      />
      <div class="chips" role="group" aria-label="Severity">
        {severities
          .filter((name) => choices(query, "severity").has(name))
          .map((name) => {
            const on = query.getAll("severity").includes(name);
            return (
              <button
                key={name}
                type="button"
                class="chip"
                aria-pressed={on}
                onClick={() => go(address("issues", "", toggled(query, "severity", name)), true)}
              >
                <Severity name={name} /> {choices(query, "severity").get(name)}
              </button>
            );
          })}
      </div>
      <div class="selects">
        <Select query={query} field="code" label="Rule" />
        <Select query={query} field="file" label="File" />
        <Select query={query} field="module" label="Module" />
        <label>
          <span>Group by</span>
          <select
            aria-label="Group by"
            value={query.get("by") ?? "severity"}
            onChange={(event) => {
              const next = new URLSearchParams(query);
              next.set("by", event.currentTarget.value);
              go(address("issues", "", next), true);
            }}
          >
            {HEADINGS.map((each) => (
              <option key={each} value={each}>
                {each === "code" ? "rule" : each === "origin" ? "origin of symbols" : each}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p class="count" role="status">
        {plural(count, "cause")}
        {count !== content.groups.length && ` of ${content.groups.length}`}, {plural(issues.length, "issue")}
        {active && (
          <>
            {" · "}
            <a href={address("issues")}>clear filters</a>
          </>
        )}
      </p>
    </div>
  );
}

function Select({ query, field, label }: { query: URLSearchParams; field: Field; label: string }) {
  const found = choices(query, field);
  const current = query.getAll(field);
  return (
    <label>
      <span>{label}</span>
      <select
        aria-label={label}
        value={current[0] ?? ""}
        onChange={(event) => {
          const next = new URLSearchParams(query);
          next.delete(field);
          if (event.currentTarget.value) next.append(field, event.currentTarget.value);
          go(address("issues", "", next), true);
        }}
      >
        <option value="">all</option>
        {[...found].sort().map(([value, count]) => (
          <option key={value} value={value}>
            {field === "code" ? `${value} ${content.rules[value]?.name ?? ""}` : value} ({count})
          </option>
        ))}
      </select>
    </label>
  );
}

/** j and k select the next and the previous group. */
function useKeys(flat: Group[], selected: Group | undefined, query: URLSearchParams): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (typing(event) || (event.key !== "j" && event.key !== "k")) return;
      const at = selected ? flat.indexOf(selected) : -1;
      const next = flat[Math.min(flat.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
      if (!next) return;
      go(address("issues", next.id, query), true);
      event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  useEffect(() => {
    document.querySelector(".row[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [selected]);
}

export function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}
