// The graph: a tree of modules with a search, the drawing, and what is known of the selected node.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Severity } from "../controls";
import { listing, nodeByName, plural, worst, head, groupOf } from "../data";
import { type Route, address, go } from "../route";
import { Drawing } from "./drawing";
import { levels } from "./layout";
import { ItemPanel } from "./panel";
import { type Item, type Tree, build, moduleId, pathOf } from "./tree";

const MOST_FOUND = 200;

export function GraphView({ route }: { route: Route }) {
  if (!listing)
    return (
      <p class="empty">
        This report has no graph: it was read from a file without one. <code>torchdraft view model.pt2</code> shows the graph of a
        saved program.
      </p>
    );
  return <Graph route={route} />;
}

function Graph({ route }: { route: Route }) {
  const [weights, setWeights] = useState(false);
  const tree = useMemo(() => build(weights), [weights]);
  const known = useMemo(() => levels(tree), [tree]);
  const [open, setOpen] = useState<Set<string>>(() => new Set(firstOpen(tree)));
  const [found, setFound] = useState("");
  const selected = useMemo(() => find(tree, route.rest), [tree, route.rest]);
  const drawn = useMemo(() => withAncestors(open, selected), [open, selected]);
  useEffect(() => {
    if (drawn !== open) setOpen(drawn);
  }, [drawn]);
  const toggle = (item: Item) => {
    const next = new Set(drawn);
    if (next.has(item.id)) next.delete(item.id);
    else next.add(item.id);
    if (next.size < drawn.size && selected && pathOf(selected).slice(0, -1).includes(item)) go(itemAddress(item), true);
    setOpen(next);
  };
  return (
    <div class="graph">
      <aside class="outline" aria-label="Nodes">
        <input
          type="search"
          id="search"
          aria-label="Search nodes"
          placeholder="Search nodes  ( / )"
          value={found}
          onInput={(event) => setFound(event.currentTarget.value)}
        />
        <label class="check">
          <input type="checkbox" checked={weights} onChange={() => setWeights(!weights)} /> weights and constants
        </label>
        {found.trim() ? (
          <Found text={found} />
        ) : (
          <ul class="items">
            <Outline item={tree.root} depth={0} open={drawn} selected={selected} toggle={toggle} />
          </ul>
        )}
      </aside>
      <Drawing tree={tree} known={known} open={drawn} selected={selected} toggle={toggle} />
      <ItemPanel tree={tree} item={selected} />
    </div>
  );
}

export const itemAddress = (item: Item): string =>
  address("graph", item.kind === "node" && !listing!.graph[item.node] ? listing!.name[item.node] : item.id);

/** A part that has nothing beside it is open from the start. */
function firstOpen(tree: Tree): string[] {
  const found = [tree.root.id];
  for (let item = tree.root; ; ) {
    const parts = item.children.filter((child) => child.kind !== "node");
    if (parts.length !== 1) return found;
    item = parts[0];
    found.push(item.id);
  }
}

function find(tree: Tree, rest: string): Item | null {
  if (!rest) return null;
  const node = nodeByName.get(rest);
  if (node !== undefined) return tree.ofNode[node] ?? null;
  return tree.byId.get(rest) ?? tree.byId.get(moduleId(rest)) ?? null;
}

function withAncestors(open: Set<string>, selected: Item | null): Set<string> {
  const missing = selected ? pathOf(selected).slice(0, -1).filter((item) => !open.has(item.id)) : [];
  return missing.length ? new Set([...open, ...missing.map((item) => item.id)]) : open;
}

interface Shown {
  item: Item;
  depth: number;
  open: Set<string>;
  selected: Item | null;
  toggle: (item: Item) => void;
}

function Outline({ item, depth, open, selected, toggle }: Shown) {
  const isOpen = open.has(item.id);
  const parts = item.children.filter((child) => child.kind !== "node" || child.severity);
  return (
    <li>
      <div class={`item is-${item.kind}`} style={{ paddingLeft: `${depth * 12}px` }}>
        {item.kind !== "node" ? (
          <button type="button" class="twist" aria-expanded={isOpen} aria-label={`${isOpen ? "Close" : "Open"} ${item.title}`} onClick={() => toggle(item)}>
            {isOpen ? "▾" : "▸"}
          </button>
        ) : (
          <span class="twist" />
        )}
        <a href={itemAddress(item)} aria-current={item === selected ? "true" : undefined} title={item.detail}>
          {item.title || "program"} {item.kind === "module" && <span class="dim">{item.detail}</span>}
        </a>
        {item.severity && <Severity name={item.severity} short />}
        <span class="dim">{item.size > 1 ? item.size : ""}</span>
      </div>
      {isOpen && parts.length > 0 && (
        <ul>
          {parts.map((child) => (
            <Outline key={child.id} item={child} depth={depth + 1} open={open} selected={selected} toggle={toggle} />
          ))}
        </ul>
      )}
    </li>
  );
}

let texts: string[] | null = null;

/** Nodes by name, operator, shape, module. */
function Found({ text }: { text: string }) {
  const list = listing!;
  texts ??= list.name.map((name, at) => `${name} ${list.target[at]} ${list.value[at]} ${list.module[at]}`.toLowerCase());
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = texts.flatMap((each, at) => (words.every((word) => each.includes(word)) ? [at] : []));
  return (
    <>
      <p class="count" role="status">
        {plural(all.length, "node")}
        {all.length > MOST_FOUND && `, the first ${MOST_FOUND} of them`}
      </p>
      <ul class="items">
        {all.slice(0, MOST_FOUND).map((at) => (
          <li key={at}>
            <a class="item hit" href={address("graph", list.graph[at] ? `#${at}` : list.name[at])}>
              <b>{list.name[at]}</b>
              {list.issues[at].length > 0 && <Severity name={worst(list.issues[at].map((number) => head(groupOf[number]).severity))} short />}
              <span class="dim">
                {list.target[at]} {list.value[at]}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

export function useSize(): [{ current: HTMLDivElement | null }, { width: number; height: number }] {
  const box = useRef<HTMLDivElement>(null);
  const [size, set] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const observer = new ResizeObserver(() => set({ width: box.current!.clientWidth, height: box.current!.clientHeight }));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  return [box, size];
}
