// The drawing of the open items. It can be moved and zoomed.
import { select } from "d3-selection";
import { type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from "d3-zoom";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { listing, plural } from "../data";
import { typing } from "../issues";
import { address, go } from "../route";
import { type Box, HEAD, type Laid, type Levels, layout } from "./layout";
import { type Item, type Tree, about } from "./tree";
import { itemAddress } from "./view";

/** Text is still read at this scale; a larger graph is shown from its top. */
const LEAST_FIT = 0.65;

interface Props {
  tree: Tree;
  known: Levels;
  open: Set<string>;
  selected: Item | null;
  toggle: (item: Item) => void;
}

export function Drawing({ tree, known, open, selected, toggle }: Props) {
  const svg = useRef<SVGSVGElement>(null);
  const plane = useRef<SVGGElement>(null);
  const laid = useMemo(() => layout(tree.root, open, known), [tree, open, known]);
  const behavior = useZoom(svg, plane);
  const places = useMemo(() => absolute(laid), [laid]);
  const before = useRef<(State & { selected: Item | null }) | null>(null);
  useLayoutEffect(() => {
    const target = selected ? places.get(selected.id) : undefined;
    const was = before.current;
    if (target && selected !== was?.selected) center(svg.current!, behavior.current!, target);
    else if (!was) fit(svg.current!, behavior.current!, laid);
    else keepInPlace(svg.current!, behavior.current!, was, { places, open });
    before.current = { places, open, selected };
  }, [places, selected]);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (typing(event)) return;
      if (event.key === "+" || event.key === "=") select(svg.current!).call(behavior.current!.scaleBy, 1.3);
      else if (event.key === "-" || event.key === "−") select(svg.current!).call(behavior.current!.scaleBy, 1 / 1.3);
      else if (event.key === "0") fit(svg.current!, behavior.current!, laid);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  return (
    <div class="drawing">
      <div class="buttons">
        <button type="button" aria-label="Zoom in" onClick={() => select(svg.current!).call(behavior.current!.scaleBy, 1.3)}>+</button>
        <button type="button" aria-label="Zoom out" onClick={() => select(svg.current!).call(behavior.current!.scaleBy, 1 / 1.3)}>−</button>
        <button type="button" onClick={() => fit(svg.current!, behavior.current!, laid)}>Fit</button>
      </div>
      <svg ref={svg} role="group" aria-label="Graph of the program">
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        <g ref={plane}>
          <Level laid={laid} selected={selected} toggle={toggle} />
        </g>
      </svg>
    </div>
  );
}

function Level({ laid, selected, toggle }: { laid: Laid; selected: Item | null; toggle: (item: Item) => void }) {
  const chosen = selected?.id;
  return (
    <>
      {laid.boxes.map((box) => box.open && <Cluster key={box.item.id} box={box} selected={selected} toggle={toggle} />)}
      {laid.lines.map((line) => (
        <g key={`${line.from} ${line.to}`} class={`edge ${line.from === chosen || line.to === chosen ? "touched" : ""}`}>
          <path d={curve(line.points)} marker-end="url(#arrow)" />
          {line.label && (
            <text x={line.x} y={line.y + 4} text-anchor="middle">
              {line.label}
            </text>
          )}
        </g>
      ))}
      {laid.ports.map(({ port, x, y, width, height }) => (
        <g
          key={port.id}
          class="port"
          role="button"
          tabindex={0}
          aria-label={`${port.incoming ? "from" : "to the outside:"} ${listing!.name[port.node]}`}
          {...acting(() => go(address("graph", listing!.name[port.node])))}
        >
          <rect x={x} y={y} width={width} height={height} rx={height / 2} />
          <text x={x + width / 2} y={y + height / 2 + 4} text-anchor="middle">
            {short(listing!.name[port.node])}
          </text>
        </g>
      ))}
      {laid.boxes.map((box) => !box.open && <Closed key={box.item.id} box={box} selected={box.item.id === chosen} toggle={toggle} />)}
    </>
  );
}

function Cluster({ box, selected, toggle }: { box: Box; selected: Item | null; toggle: (item: Item) => void }) {
  const { item, x, y, width, height } = box;
  const inset = (width - box.open!.width) / 2;
  return (
    <g class={`cluster ${item.kind} ${item.severity} ${item === selected ? "selected" : ""}`}>
      <rect x={x} y={y} width={width} height={height} rx="8" />
      <g role="button" tabindex={0} aria-expanded="true" aria-label={`Close ${item.title}`} {...acting(() => toggle(item))}>
        <rect class="head" x={x} y={y} width={width} height={HEAD - 4} rx="8" />
        <text x={x + 10} y={y + 18}>
          <tspan class="twist">▾ </tspan>
          <tspan class="title">{short(item.title, Math.floor(width / 7.5))}</tspan>
          {item.kind === "module" && width > (item.title.length + item.detail.length) * 8 + 40 && <tspan class="detail"> {item.detail}</tspan>}
        </text>
      </g>
      <g transform={`translate(${x + inset},${y + HEAD})`}>
        <Level laid={box.open!} selected={selected} toggle={toggle} />
      </g>
    </g>
  );
}

function Closed({ box, selected, toggle }: { box: Box; selected: boolean; toggle: (item: Item) => void }) {
  const { item, x, y, width, height } = box;
  const kind = item.kind === "node" ? `node ${listing!.kind[item.node]}` : `part ${item.kind}`;
  const choose = () => go(itemAddress(item), true);
  return (
    <g
      class={`${kind} ${item.severity} ${selected ? "selected" : ""}`}
      data-id={item.id}
      role="button"
      tabindex={0}
      aria-label={label(item)}
      {...acting(item.kind === "node" ? choose : () => toggle(item))}
    >
      <title>{item.kind === "node" ? `${listing!.name[item.node]}  ${listing!.value[item.node]}` : item.title}</title>
      <rect x={x} y={y} width={width} height={height} rx="5" />
      {item.severity && <rect class="stripe" x={x} y={y} width="5" height={height} rx="2" />}
      {item.kind === "node" ? (
        <text x={x + width / 2} y={y + height / 2 + 4} text-anchor="middle">
          {short(item.title)}
        </text>
      ) : (
        <>
          <text x={x + 14} y={y + 20}>
            <tspan class="twist">▸ </tspan>
            <tspan class="title">{short(item.title)}</tspan>
          </text>
          <text class="detail" x={x + 14} y={y + 38}>
            {about(item)}
          </text>
        </>
      )}
    </g>
  );
}

function label(item: Item): string {
  const issues = item.groups.size ? `, ${plural(item.groups.size, "issue")}` : "";
  if (item.kind === "node") return `${listing!.name[item.node]}, ${listing!.target[item.node]} ${listing!.value[item.node]}${issues}`;
  return `Open ${item.title}, ${plural(item.size, "node")}${issues}`;
}

/** What a click, Enter or the space bar does. */
function acting(action: () => void) {
  return {
    onClick: (event: MouseEvent) => {
      event.stopPropagation();
      action();
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      action();
    },
  };
}

const short = (text: string, most = 44): string => (text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text);

function curve(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  let path = `M${first.x},${first.y}`;
  for (let at = 0; at < rest.length - 1; at++) {
    const [one, two] = [rest[at], rest[at + 1]];
    path += at < rest.length - 2 ? ` Q${one.x},${one.y} ${(one.x + two.x) / 2},${(one.y + two.y) / 2}` : ` Q${one.x},${one.y} ${two.x},${two.y}`;
  }
  return rest.length === 1 ? `${path} L${rest[0].x},${rest[0].y}` : path;
}

interface Placed {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Item → where it is on the plane. */
function absolute(laid: Laid, x = 0, y = 0, found = new Map<string, Placed>()): Map<string, Placed> {
  for (const box of laid.boxes) {
    found.set(box.item.id, { x: x + box.x, y: y + box.y, width: box.width, height: box.height });
    if (box.open) absolute(box.open, x + box.x + (box.width - box.open.width) / 2, y + box.y + HEAD, found);
  }
  return found;
}

type Zoom = ZoomBehavior<SVGSVGElement, unknown>;

function useZoom(svg: { current: SVGSVGElement | null }, plane: { current: SVGGElement | null }) {
  const behavior = useRef<Zoom | null>(null);
  useLayoutEffect(() => {
    const made = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.03, 3])
      .on("zoom", (event: { transform: ZoomTransform }) => plane.current!.setAttribute("transform", event.transform.toString()));
    behavior.current = made;
    select(svg.current!).call(made).on("dblclick.zoom", null);
  }, []);
  return behavior;
}

function fit(svg: SVGSVGElement, behavior: Zoom, laid: Laid): void {
  const { width, height } = svg.getBoundingClientRect();
  if (!width || !height) return;
  const scale = Math.max(LEAST_FIT, Math.min(1.1, width / (laid.width + 30), height / (laid.height + 30)));
  const top = laid.height * scale < height ? (height - laid.height * scale) / 2 : 10;
  select(svg).call(behavior.transform, zoomIdentity.translate((width - laid.width * scale) / 2, top).scale(scale));
}

function center(svg: SVGSVGElement, behavior: Zoom, target: Placed): void {
  const { width, height } = svg.getBoundingClientRect();
  const now = transformOf(svg);
  const scale = Math.max(now.k, 0.7);
  const [x, y] = [target.x + target.width / 2, target.y + Math.min(target.height, height / scale) / 2];
  const [left, top] = now.apply([target.x, target.y]);
  const [right, bottom] = now.apply([target.x + target.width, target.y + target.height]);
  if (now.k >= 0.7 && left >= 0 && top >= 0 && right <= width && bottom <= height) return; // it is in sight
  select(svg).call(behavior.transform, zoomIdentity.translate(width / 2 - x * scale, height / 2 - y * scale).scale(scale));
}

const transformOf = (svg: SVGSVGElement): ZoomTransform => (svg as unknown as { __zoom: ZoomTransform }).__zoom;

interface State {
  places: Map<string, Placed>;
  open: Set<string>;
}

/** When an item opens or closes, the parts around it move; the item itself stays where it is. */
function keepInPlace(svg: SVGSVGElement, behavior: Zoom, before: State, now: State): void {
  const changed = [...now.open, ...before.open].find((id) => now.open.has(id) !== before.open.has(id));
  const [old, here] = [before.places.get(changed ?? ""), now.places.get(changed ?? "")];
  if (!old || !here) return;
  const middle = (placed: Placed) => placed.x + placed.width / 2;
  select(svg).call(behavior.translateBy, middle(old) - middle(here), old.y - here.y);
}
