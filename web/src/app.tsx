// The frame of the page: its title, its views, keys that work everywhere.
import { useEffect, useState } from "preact/hooks";
import { Severity } from "./controls";
import { content, files, frameOf, groupById, groups, head, issues, listing, nodesOfGroup, severities } from "./data";
import { GraphView } from "./graph/view";
import { IssuesView, typing } from "./issues";
import { Overview } from "./overview";
import { type View, VIEWS, address, go, useRoute } from "./route";
import { EDITORS, type Theme, applyTheme, chooseEditor, currentEditor, currentTheme } from "./settings";
import { SourceView } from "./source";
import { GroupDetail } from "./issue";
import { editorLink, sourceAddress } from "./controls";

const KEYS: [string, string][] = [
  ["1 2 3 4", "overview, issues, source, graph"],
  ["/", "search"],
  ["j  k", "next, previous issue"],
  ["s", "source of the issue"],
  ["g", "nodes of the issue"],
  ["e", "open the issue's line in the editor"],
  ["t", "light, dark, as the system"],
  ["+  −  0", "in the graph: zoom, fit"],
  ["?", "this list"],
];
const TITLES: Record<View, string> = { overview: "Overview", issues: "Issues", source: "Source", graph: "Graph" };

export function App() {
  const route = useRoute();
  const [theme, setTheme] = useState<Theme>(currentTheme());
  const [editor, setEditor] = useState(currentEditor().name);
  const [help, setHelp] = useState(false);
  useEffect(() => applyTheme(theme), [theme]);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key === "Escape") {
        setHelp(false);
        (document.activeElement as HTMLElement | null)?.blur();
      }
      if (typing(event)) return;
      const action = actionOf(event.key);
      if (!action) return;
      event.preventDefault();
      action();
    };
    const actionOf = (key: string): (() => void) | undefined => {
      const group = route.view === "issues" ? (groupById.get(route.rest) ?? groups[0]) : undefined;
      const frame = group && frameOf(head(group).own ?? head(group).at);
      const node = group && nodesOfGroup.get(group)?.[0];
      if ("1234".includes(key) && VIEWS[Number(key) - 1]) return () => go(address(VIEWS[Number(key) - 1]));
      if (key === "/") return () => void focusSearch(route.view);
      if (key === "t") return () => setTheme(next(theme));
      if (key === "?") return () => setHelp(!help);
      if (key === "s" && frame) return () => go(sourceAddress(frame));
      if (key === "e" && frame) return () => void (location.href = editorLink(frame));
      if (key === "g" && node !== undefined && listing) return () => go(address("graph", listing!.name[node]));
      return undefined;
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>
        Skip to the content
      </a>
      <header class="top">
        <a class="name" href={address("overview")}>
          {content.model}
        </a>
        <span class="summary">
          {severities.map((name) => {
            const count = issues.filter((each) => each.severity === name).length;
            return count > 0 && (
              <a key={name} href={address("issues", "", new URLSearchParams({ severity: name }))} title={`${count} ${name}`}>
                <Severity name={name} short /> {count}<span class="hidden"> {name}</span>
              </a>
            );
          })}
        </span>
        <nav aria-label="Views" class="tabs">
          {VIEWS.map((view) => (
            <a key={view} href={address(view)} aria-current={route.view === view ? "page" : undefined}>
              {TITLES[view]}
              <span class="dim"> {countOf(view)}</span>
            </a>
          ))}
        </nav>
        <span class="tools">
          <label>
            <span class="hidden">Editor</span>
            <select value={editor} title="The editor that links open" onChange={(event) => { chooseEditor(event.currentTarget.value); setEditor(event.currentTarget.value); }}>
              {EDITORS.map((each) => (
                <option key={each.name}>{each.name}</option>
              ))}
            </select>
          </label>
          <button type="button" onClick={() => setTheme(next(theme))} title="Light, dark, as the system (t)">
            {theme === "auto" ? "Auto" : theme === "light" ? "Light" : "Dark"}
          </button>
          <button type="button" onClick={() => setHelp(!help)} aria-expanded={help} title="Keys (?)" aria-label="Keys">
            ?
          </button>
        </span>
      </header>
      {help && (
        <div class="help" role="dialog" aria-label="Keys">
          <dl>
            {KEYS.map(([key, what]) => (
              <div key={key}>
                <dt><kbd>{key}</kbd></dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <button type="button" onClick={() => setHelp(false)}>Close</button>
        </div>
      )}
      <main id="main" tabIndex={-1} class={route.view}>
        {(route.view === "issues" || route.view === "graph") && <h1 class="hidden">{TITLES[route.view]} of {content.model}</h1>}
        {route.view === "overview" && <Overview />}
        {route.view === "issues" && <IssuesView route={route} />}
        {route.view === "source" && <SourceView route={route} />}
        {route.view === "graph" && <GraphView route={route} />}
      </main>
    </>
  );
}

function countOf(view: View): string {
  if (view === "issues") return String(groups.length);
  if (view === "source") return String(files.length || "");
  if (view === "graph") return listing ? String(listing.name.length) : "";
  return "";
}

const next = (theme: Theme): Theme => (theme === "auto" ? "light" : theme === "light" ? "dark" : "auto");

function focusSearch(view: View): void {
  if (view !== "issues" && view !== "graph") go(address("issues"));
  setTimeout(() => document.getElementById("search")?.focus(), 30);
}

/** All of the report in one column, for printing. */
export function Printed() {
  return (
    <main class="printed">
      <Overview />
      {groups.map((group) => (
        <GroupDetail key={group.id} group={group} />
      ))}
    </main>
  );
}
